# SPDX-License-Identifier: Apache-2.0
"""NetworkPolicies in the tables of real agents: compiled, in the kernel, and shown. No packet is judged by them."""
import json

from case import equal, true
from lablib.parts import part
from lablib.plan import LabError

LAB = {"size": 2, "routing": "bgp"}

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}}}
spec: {spec}
"""


def setup(case):
    case.pods(case.manifest("web", "node1", "{app: web}"), case.manifest("friend", "node1", "{app: friend}"),
              case.manifest("far", "node2", "{app: friend}"), case.manifest("other", "node2"))


def policy(case, name, spec):
    case.apply(POLICY.format(name=name, spec=json.dumps(spec)))
    case.at_end.append(lambda: case.kubectl("delete", "networkpolicy", name, "--ignore-not-found"))


def select(label):
    return {"matchLabels": {"app": label}}


def ask(case, node, *args):
    return json.loads(case.cluster.beeline(node, "policy", *args, "-o", "json"))


def verdicts(case, node, source, to, port, direction="ingress"):
    """What the kernel of the node says of each family, where it agrees with what was compiled; None where not (yet)."""
    ends = [end if "." in end or ":" in end else f"{case.namespace}/{end}" for end in (source, to)]
    checks = [c for c in ask(case, node, "explain", *ends, port) if c["direction"] == direction]
    return [c["kernel"] if c["agree"] else None for c in checks]


def become(case, want, *args, **more):
    def so():
        try:
            return verdicts(case, *args, **more) == want
        except LabError:  # an agent that has just started is not in sync
            return False
    case.eventually(so, f"{args} {want}")


def test_a_policy_is_compiled_and_in_the_kernels_tables_in_both_families(case):
    become(case, [True, True], "node1", "other", "web", "80")
    policy(case, "web", {"podSelector": select("web"), "ingress": [
        {"from": [{"podSelector": select("friend")}], "ports": [{"port": 80, "endPort": 90}, {"port": "web"}]}]})
    become(case, [False, False], "node1", "other", "web", "80")
    for source in ("friend", "far"):
        for port, want in (("80", True), ("90", True), ("8080", True), ("91", False), ("80/UDP", False)):
            equal(verdicts(case, "node1", source, "web", port), [want] * 2, f"{source} {port}")
    equal(verdicts(case, "node2", "far", "web", "80", direction="egress"), [True, True], "the source's end is open")
    equal(ask(case, "node2", "explain", "192.0.2.1", f"{case.namespace}/web", "80"), [], "the other node judges nothing")


def test_what_selects_a_pod_is_listed_with_its_rules(case):
    policy(case, "listed", {"podSelector": select("web"), "policyTypes": ["Ingress", "Egress"], "egress": [
        {"to": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.8/29"]}}]}]})
    case.eventually(lambda: ask(case, "node1", "list", "-n", case.namespace), "the policy")
    equal(ask(case, "node1", "list", "-n", case.namespace),
          [{"namespace": case.namespace, "name": "listed", "selects": "{app=web}", "ingress": True, "egress": True,
            "pods": 1, "error": ""}])
    found = ask(case, "node1", "for", f"{case.namespace}/web")
    equal(found["ingress"], {"isolated": True, "rules": []})
    equal(found["egress"]["rules"], [{"peers": ["block 192.0.2.0/24 except 192.0.2.8/29"], "ports": ["every port"],
                                      "policy": "listed", "rule": 0}])
    for to, want in (("192.0.2.1", True), ("192.0.2.9", False), ("192.0.3.1", False)):
        become(case, [want], "node1", "web", to, "80", direction="egress")


def test_labels_of_pods_and_namespaces_change_what_the_kernel_says(case):
    policy(case, "labels", {"podSelector": select("web"), "ingress": [
        {"from": [{"namespaceSelector": {"matchLabels": {"lab": "yes"}}, "podSelector": select("late")}]}]})
    become(case, [False, False], "node1", "other", "web", "80")
    case.kubectl("label", "pod", "other", "app=late")
    case.cluster.kubectl("label", "namespace", case.namespace, "lab=yes")
    become(case, [True, True], "node1", "other", "web", "80")
    case.cluster.kubectl("label", "namespace", case.namespace, "lab-")
    become(case, [False, False], "node1", "other", "web", "80")
    case.kubectl("label", "pod", "other", "app-")


def test_a_pod_has_its_place_when_it_starts(case):
    policy(case, "early", {"podSelector": select("early")})
    case.eventually(lambda: ask(case, "node1", "list", "-n", case.namespace), "the policy")
    case.pods(case.manifest("early", "node1", "{app: early}"))
    for check in ask(case, "node1", "explain", f"{case.namespace}/other", f"{case.namespace}/early", "80"):
        true(check["place"] > 0, f"{check} has a place")
    become(case, [False, False], "node1", "other", "early", "80")
    case.kubectl("delete", "pod", "early", "--wait=true")
    equal(ask(case, "node1", "explain", "192.0.2.1", "192.0.2.2", "80"), [])


def test_a_new_agent_finds_the_tables_and_agrees_with_them(case):
    policy(case, "restart", {"podSelector": select("web"), "ingress": [{"from": [{"podSelector": select("friend")}]}]})
    become(case, [False, False], "node1", "other", "web", "80")
    agent = part(case.lab, "node1/beelined")
    agent.process.stop(9)
    agent.start()
    agent.wait()
    become(case, [False, False], "node1", "other", "web", "80")
    become(case, [True, True], "node1", "friend", "web", "80")
