# SPDX-License-Identifier: Apache-2.0
"""One object of every kind that the API server serves, and a field of each that a test can change."""

# kind -> (resource, namespaced, manifest without metadata, path of a field to patch as (JSON pointer, value))
OBJECTS = {
    "Namespace": ("namespaces", False, {}, None),
    "Node": ("nodes", False, {"spec": {"podCIDR": "10.250.0.0/24", "podCIDRs": ["10.250.0.0/24"]}},
             ("/spec/unschedulable", True)),
    "Pod": ("pods", True, {"spec": {"nodeSelector": {"nowhere": "yes"},
                                    "containers": [{"name": "c", "image": "one"}]}},
            ("/spec/containers/0/image", "two")),
    "Service": ("services", True, {"spec": {"selector": {"app": "x"}, "ports": [
        {"name": "a", "port": 80, "targetPort": 8080}]}}, ("/spec/ports/0/port", 81)),
    "Endpoints": ("endpoints", True, {"subsets": [{"addresses": [{"ip": "10.1.1.1"}],
                                                   "ports": [{"name": "a", "port": 80, "protocol": "TCP"}]}]},
                  ("/subsets/0/ports/0/port", 81)),
    "EndpointSlice": ("endpointslices.discovery.k8s.io", True,
                      {"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.1.1"], "conditions": {"ready": True}}],
                       "ports": [{"name": "a", "port": 80, "protocol": "TCP"}]}, ("/ports/0/port", 81)),
    "NetworkPolicy": ("networkpolicies.networking.k8s.io", True,
                      {"spec": {"podSelector": {"matchLabels": {"app": "x"}}, "policyTypes": ["Ingress"]}},
                      ("/spec/podSelector/matchLabels/app", "y")),
    "Lease": ("leases.coordination.k8s.io", True,
              {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 40}}, ("/spec/holderIdentity", "you")),
    "ConfigMap": ("configmaps", True, {"data": {"a": "b"}}, ("/data/a", "c")),
    "Secret": ("secrets", True, {"type": "Opaque", "data": {"a": "Yg=="}}, ("/data/a", "Yw==")),
    "Event": ("events", True, {"involvedObject": {"kind": "Pod", "name": "x", "namespace": "{namespace}"},
                               "reason": "Because", "message": "hello", "type": "Normal",
                               "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
                               "source": {"component": "test"}}, ("/message", "goodbye")),
}

VERSIONS = {"EndpointSlice": "discovery.k8s.io/v1", "NetworkPolicy": "networking.k8s.io/v1",
            "Lease": "coordination.k8s.io/v1"}


def manifest(kind, name, namespace, labels=None):
    """The object of a kind, ready to apply."""
    resource, namespaced, body, _ = OBJECTS[kind]
    metadata = {"name": name, "labels": labels or {"suite": "kubectl"}}
    if namespaced:
        metadata["namespace"] = namespace
    found = {"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, **body}
    if kind == "Event":
        found["involvedObject"] = {**body["involvedObject"], "namespace": namespace}
    return found


def changed(obj, kind):
    """A copy with the kind's field changed, and the JSON patch that says the same."""
    import copy
    pointer, value = OBJECTS[kind][3]
    obj = copy.deepcopy(obj)
    at, keys = obj, pointer.strip("/").split("/")
    for key in keys[:-1]:
        at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
    at[int(keys[-1]) if isinstance(at, list) else keys[-1]] = value
    return obj, [{"op": "add" if pointer.endswith("unschedulable") else "replace", "path": pointer, "value": value}]


def jsonpath(pointer):
    """A JSON pointer as kubectl's jsonpath."""
    return "{" + "".join(f"[{k}]" if k.isdigit() else f".{k}" for k in pointer.strip("/").split("/")) + "}"
