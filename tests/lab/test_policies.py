# SPDX-License-Identifier: Apache-2.0
"""Traffic policies and session affinity, seen by clients inside and outside."""
import json

from case import equal, true

NODE_PORT = 31090


def setup(case):
    label = "{app: tp}"
    case.pods(case.manifest("tp-client", "node1"), case.manifest("tp-1", "node1", label), case.manifest("tp-2", "node2", label))
    case.all = {"tp-1", "tp-2"}


def policy(case, name, **spec):
    case.kubectl("patch", "service", name, "--type=merge", "-p", json.dumps({"spec": spec}))
    case.cluster.wait_programmed(case.namespace, name, 4)


def names(answers):
    return {name for name, _ in answers}


def test_a_local_node_port_leads_outside_clients_to_the_nodes_own_pods(case):
    client = case.cluster.client()
    case.service("tp-np", "{app: tp}", kind="NodePort", more=f", nodePort: {NODE_PORT}", backends=4)
    policy(case, "tp-np", externalTrafficPolicy="Local")
    for node, own in (("node1", {"tp-1"}), ("node2", {"tp-2"})):
        for to in case.lab.node(node).addresses:
            case.eventually(lambda: names(client.ask(to, NODE_PORT, count=20)) == own, f"{node} [{to}]")
    for to in case.lab.node("node3").addresses:
        (_, why), = client.ask(to, NODE_PORT)
        true("refused" in why, f"node3 [{to}]: {why}")
        equal(names(case.pod("tp-client").ask(to, NODE_PORT, count=30)), case.all, f"inside -> [{to}]")


def test_a_local_cluster_ip_leads_to_the_nodes_own_pods(case):
    addresses = case.service("tp-in", "{app: tp}", backends=4)
    case.kubectl("patch", "service", "tp-in", "--type=merge", "-p", '{"spec": {"internalTrafficPolicy": "Local"}}')
    for to in addresses:
        case.eventually(lambda: names(case.pod("tp-client").ask(to, 80, count=20)) == {"tp-1"}, f"pod -> [{to}]")
        case.eventually(lambda: names(case.cluster.node("node2").ask(to, 80, count=20)) == {"tp-2"}, f"node2 -> [{to}]")
        (_, why), = case.cluster.node("node3").ask(to, 80)
        true("refused" in why, f"node3 -> [{to}]: {why}")


def test_session_affinity_keeps_a_client_at_one_pod(case):
    addresses = case.service("tp-aff", "{app: tp}", backends=4)
    policy(case, "tp-aff", sessionAffinity="ClientIP")
    for to in addresses:
        for place in (case.pod("tp-client"), case.cluster.node("node3")):
            case.eventually(lambda: len(names(place.ask(to, 80, count=30))) == 1, f"{place.name} -> [{to}]")
