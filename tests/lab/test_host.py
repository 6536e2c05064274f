# SPDX-License-Identifier: Apache-2.0
"""The node itself: a client of Services that no socket hook sees, and a server in its own network behind Services and NodePorts."""
import subprocess

from case import Capture, equal, true

SERVER = 18080  # of the process on node1's own network
HOST = """\
---
apiVersion: v1
kind: Service
metadata: {{name: host}}
spec:
  type: NodePort
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  ports:
    - {{name: tcp, port: 80, protocol: TCP, nodePort: 31090}}
    - {{name: udp, port: 80, protocol: UDP, nodePort: 31090}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: host-4, labels: {{kubernetes.io/service-name: host}}}}
addressType: IPv4
ports: [{{name: tcp, port: {port}, protocol: TCP}}, {{name: udp, port: {port}, protocol: UDP}}]
endpoints: [{{addresses: ["{v4}"], nodeName: node1, conditions: {{ready: true}}}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: host-6, labels: {{kubernetes.io/service-name: host}}}}
addressType: IPv6
ports: [{{name: tcp, port: {port}, protocol: TCP}}, {{name: udp, port: {port}, protocol: UDP}}]
endpoints: [{{addresses: ["{v6}"], nodeName: node1, conditions: {{ready: true}}}}]
"""
BOTH = ((), ("--udp",))


def of_family(addresses, to):
    return next(a for a in addresses if (":" in a) == (":" in to))


def setup(case):
    label = "{app: web}"
    case.pods(case.manifest("client", "node1"), case.manifest("web-1", "node1", label),
              case.manifest("web-2", "node2", label))
    case.vips = case.service("web", label, protocol="TCP UDP", backends=8)
    case.nobody = case.service("nobody", "{app: nobody}", protocol="TCP UDP", backends=0)
    v4, v6 = case.lab.node("node1").addresses
    case.apply(HOST.format(port=SERVER, v4=v4, v6=v6))
    case.cluster.wait_programmed(case.namespace, "host", 4)
    case.host = case.cluster.service_addresses(case.namespace, "host")


class Server:
    """A whoami by the name of `host` on node1's own network."""

    def __init__(self, case):
        self.case, self.node = case, case.cluster.node("node1")

    def __enter__(self):
        self.process = self.node.start("env", "HOSTNAME=host", "whoami", str(SERVER), stdin=subprocess.DEVNULL)
        to = self.case.lab.node("node1").addresses[0]
        self.case.eventually(lambda: self.node.ask(to, SERVER)[0][0] == "host", "whoami on node1")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)


def test_a_nodes_process_that_no_socket_hook_sees_reaches_every_backend(case):
    for node in case.lab.nodes:
        place = case.cluster.node(node.name)
        for to in case.vips:
            for how in BOTH:
                answers = place.ask(to, 80, *how, count=40, per_packet=True)
                equal({name for name, _ in answers}, {"web-1", "web-2"}, f"{to} {how} from {node.name}")
                equal({seen for _, seen in answers}, {of_family(node.addresses, to)}, f"clients of {to} {how}")


def test_it_is_refused_what_no_backend_serves(case):
    place = case.cluster.node("node1")
    unowned = [to.rsplit(sep, 1)[0] + f"{sep}{last}" for to, sep, last in zip(case.vips, ".:", ("254", "fffe"))]
    for to, port in [(a, 80) for a in case.nobody] + [(a, 81) for a in case.vips] + [(a, 80) for a in unowned]:
        for how in BOTH:
            (_, why), = place.ask(to, port, *how, per_packet=True)
            true("refused" in why, f"{to}:{port} {how}: {why}")


def test_none_of_its_packets_reaches_the_fabric_with_a_service_address(case):
    place = case.cluster.node("node3")
    with Capture(case.cluster.fabric(), "eth0", " or ".join(f"host {to}" for to in case.vips + case.nobody)) as seen:
        for to in case.vips + case.nobody:
            for how in BOTH:
                place.ask(to, 80, *how, count=5, per_packet=True)
    equal(seen.lines, [], "packets with a service address on the fabric")


def test_a_node_port_reaches_a_server_in_its_nodes_own_network(case):
    client = case.cluster.client()
    with Server(case):
        for node in case.lab.nodes:
            for to in node.addresses:
                for how in BOTH:
                    answers = client.ask(to, 31090, *how, count=20)
                    equal({name for name, _ in answers}, {"host"}, f"[{to}]:31090 {how}")
                    if node.name != "node1":
                        continue
                    own = of_family([cidr.split("/")[0] for cidr in case.lab.client.cidrs], to)
                    equal({seen for _, seen in answers}, {own}, f"clients that the server of [{to}]:31090 {how} saw")


def test_a_pod_reaches_its_nodes_own_network_by_a_service(case):
    client = case.pod("client")
    with Server(case):
        for to, port in [(a, 80) for a in case.host] + [(a, 31090) for a in case.lab.node("node1").addresses]:
            for how in BOTH:
                for per_packet in (False, True):
                    answers = client.ask(to, port, *how, count=10, per_packet=per_packet)
                    equal(set(answers), {("host", of_family(client.ips, to))}, f"[{to}]:{port} {how} {per_packet}")


def test_a_node_reaches_itself_by_a_service(case):
    with Server(case):
        for to in case.host:
            for how in BOTH:
                equal(set(case.cluster.node("node1").ask(to, 80, *how, count=10, per_packet=True)), {("host", to)}, to)
                equal({name for name, _ in case.cluster.node("node2").ask(to, 80, *how, count=10, per_packet=True)},
                      {"host"}, f"{to} from node2")


def test_a_closed_port_of_the_nodes_own_network_is_told_to_every_client(case):
    for to in case.host:
        for how in BOTH:
            for place in (case.pod("client"), case.cluster.node("node1"), case.cluster.node("node2")):
                (_, why), = place.ask(to, 80, *how, per_packet=True)
                true("refused" in why, f"{to} {how} from {place.name}: {why}")
            (_, why), = case.cluster.client().ask(of_family(case.lab.node("node1").addresses, to), 31090, *how)
            true("refused" in why, f"NodePort {how}: {why}")
