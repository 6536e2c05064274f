# SPDX-License-Identifier: Apache-2.0
"""NodePort from outside the cluster and from within, both families, to backends here and elsewhere."""
from case import equal, true


def setup(case):
    label = "{app: np}"
    case.pods(case.manifest("client", "node1"), case.manifest("np-1", "node1", label),
              case.manifest("np-2", "node2", label))
    case.all = {"np-1", "np-2"}
    case.service("np", label, kind="NodePort", more=", nodePort: 31080", backends=4)
    case.service("np-udp", label, protocol="UDP", kind="NodePort", more=", nodePort: 31053", backends=4)
    case.service("np-local", "{app: np1}", kind="NodePort", more=", nodePort: 31081", backends=0)


def test_every_node_answers_the_client_outside_with_every_backend(case):
    client = case.cluster.client()
    for node in case.lab.nodes:
        for to in node.addresses:
            equal({name for name, _ in client.ask(to, 31080, count=30)}, case.all, f"{node.name} [{to}]:31080")


def test_udp_node_ports_answer_too(case):
    client = case.cluster.client()
    for node in case.lab.nodes:
        for to in node.addresses:
            answers = client.ask(to, 31053, "--udp", count=30)
            equal({name for name, _ in answers}, case.all, f"{node.name} [{to}]:31053")


def test_a_pod_and_a_node_reach_a_node_port(case):
    for place in (case.pod("client"), case.cluster.node("node2")):
        for node in case.lab.nodes:
            for to in node.addresses:
                equal({name for name, _ in place.ask(to, 31080, count=30)}, case.all, f"{place.name} -> [{to}]:31080")


def test_a_node_port_without_endpoints_refuses(case):
    client = case.cluster.client()
    for to in case.lab.node("node3").addresses:
        (_, why), = client.ask(to, 31081)
        true("refused" in why, f"[{to}]:31081: {why}")


def test_connections_of_many_ports_all_come_through(case):
    client = case.cluster.client()
    for to in case.lab.node("node3").addresses:
        answers = client.ask(to, 31080, count=300)
        equal([why for name, why in answers if name == "error"], [], f"errors of [{to}]:31080")
