# SPDX-License-Identifier: Apache-2.0
"""ClusterIP: at the socket and per packet, both families, from pods and nodes; what changes with kubectl edit and scale."""
import json

from case import Capture, equal, true


def setup(case):
    label = "{app: web}"
    case.pods(case.manifest("client", "node1"), case.manifest("web-1", "node1", label),
              case.manifest("web-2", "node2", label), case.manifest("web-3", "node3", label))
    case.web = {"web-1", "web-2", "web-3"}
    case.vips = case.service("web", label, backends=6)
    case.udp = case.service("web-udp", label, port=53, protocol="UDP", backends=6)


def own(pod, to):
    return pod.v6 if ":" in to else pod.v4


def every_backend_answers(place, to, port, want, sees=None, *options, per_packet=False):
    answers = place.ask(to, port, *options, count=60, per_packet=per_packet)
    equal({name for name, _ in answers}, want, f"{to} from {place.name}")
    if sees:
        equal({seen for _, seen in answers}, {sees}, f"clients that the servers of {to} saw")


def test_tcp_from_a_pod_reaches_every_backend_which_sees_the_pods_address(case):
    client = case.pod("client")
    for to in case.vips:
        every_backend_answers(client, to, 80, case.web, own(client, to))


def test_udp_from_a_pod_reaches_every_backend_which_sees_the_pods_address(case):
    client = case.pod("client")
    for to in case.udp:
        every_backend_answers(client, to, 53, case.web, own(client, to), "--udp")


def test_an_unconnected_udp_socket_hears_the_service_not_the_backend(case):
    client = case.pod("client")
    for to in case.udp:
        lines = client.run("ask", "--unconnected", "--count", "10", to, "53").stdout.splitlines()
        equal({tuple(line.split()[-2:]) for line in lines}, {(to, "53")}, "sender of the answers")


def test_from_a_node_every_backend_answers(case):
    for node in case.lab.nodes:
        for to in case.vips:
            every_backend_answers(case.cluster.node(node.name), to, 80, case.web)


def test_a_process_that_no_socket_hook_sees_is_served_per_packet(case):
    client = case.pod("client")
    for to in case.vips:
        every_backend_answers(client, to, 80, case.web, own(client, to), per_packet=True)
    for to in case.udp:
        every_backend_answers(client, to, 53, case.web, own(client, to), "--udp", per_packet=True)


def test_no_packet_to_the_service_address_leaves_a_pod_that_the_socket_hooks_see(case):
    client = case.pod("client")
    for to in case.vips:
        with Capture(client, "eth0", f"host {to}") as seen:
            equal(len(client.ask(to, 80, count=10)), 10)
        equal(seen.lines, [], f"packets with {to} on the pod's link")


def test_per_packet_answers_come_from_the_service_address(case):
    client = case.pod("client")
    for to in case.vips:
        with Capture(client, "eth0", "tcp port 80 or tcp port 8080") as seen:
            client.ask(to, 80, count=6, per_packet=True)
        equal(seen.addresses(), {(own(client, to), to), (to, own(client, to))}, "addresses on the pod's link")


def test_a_pod_reaches_itself_through_its_service(case):
    case.pods(case.manifest("lonely", "node2", "{app: lonely}"))
    vips = case.service("lonely", "{app: lonely}", protocol="TCP UDP", backends=4)
    pod = case.pod("lonely")
    for to in vips:
        equal({name for name, _ in pod.ask(to, 80, count=4)}, {"lonely"}, to)
        for how in ((), ("--udp",)):
            answers = pod.ask(to, 80, *how, count=4, per_packet=True)
            equal({name for name, _ in answers}, {"lonely"}, f"{to} {how} per packet")


def test_a_service_without_endpoints_refuses(case):
    for to in case.service("nobody", "{app: nobody}", backends=0):
        for place in (case.pod("client"), case.cluster.node("node1")):
            (_, why), = place.ask(to, 80)
            true("refused" in why, f"{to} from {place.name}: {why}")
        (_, why), = case.pod("client").ask(to, 80, per_packet=True)
        true("refused" in why, f"{to} per packet: {why}")


def test_a_port_that_the_service_does_not_have_refuses(case):
    for to in case.vips:
        for per_packet in (False, True):
            (_, why), = case.pod("client").ask(to, 81, per_packet=per_packet)
            true("refused" in why, f"{to}:81 per_packet={per_packet}: {why}")


def test_a_new_backend_gets_its_share_and_a_deleted_one_no_more(case):
    case.pods(case.manifest("web-4", "node2", "{app: web}"))
    case.cluster.wait_programmed(case.namespace, "web", 8)
    client = case.pod("client")
    for to in case.vips:
        every_backend_answers(client, to, 80, case.web | {"web-4"})
    case.kubectl("delete", "pod", "web-4", "--wait=true")
    case.cluster.wait_programmed(case.namespace, "web", 6)
    for to in case.vips:
        every_backend_answers(client, to, 80, case.web)


def test_label_takes_a_pod_out_of_a_service_and_in_again(case):
    client = case.pod("client")
    case.kubectl("label", "pod", "web-3", "app=none", "--overwrite")
    case.cluster.wait_programmed(case.namespace, "web", 4)
    for to in case.vips:
        every_backend_answers(client, to, 80, case.web - {"web-3"})
    case.kubectl("label", "pod", "web-3", "app=web", "--overwrite")
    case.cluster.wait_programmed(case.namespace, "web", 6)
    for to in case.vips:
        every_backend_answers(client, to, 80, case.web)


def test_a_patched_port_moves_the_service(case):
    vips = case.service("moves", "{app: web}", port=1000)
    case.kubectl("patch", "service", "moves", "--type=json", "-p",
                 json.dumps([{"op": "replace", "path": "/spec/ports/0/port", "value": 1001}]))
    case.cluster.wait_programmed(case.namespace, "moves")
    client = case.pod("client")
    for to in vips:
        case.eventually(lambda to=to: client.ask(to, 1001)[0][0] in case.web, f"{to}:1001")
        true("refused" in client.ask(to, 1000)[0][1], f"{to}:1000 still answers")


def test_a_deleted_service_refuses(case):
    vips = case.service("short", "{app: web}", backends=6)
    client = case.pod("client")
    equal(client.ask(vips[0], 80)[0][0] in case.web, True)
    case.kubectl("delete", "service", "short")
    for to in vips:
        case.eventually(lambda to=to: "refused" in client.ask(to, 80)[0][1], f"{to} refuses")


def test_a_pod_that_is_not_ready_gets_no_connection(case):
    case.apply("""\
apiVersion: v1
kind: Pod
metadata: {name: slow, labels: {app: slow}}
spec:
  nodeName: node1
  terminationGracePeriodSeconds: 1
  containers:
    - name: c
      image: any
      command: [whoami, "8080"]
      readinessProbe: {exec: {command: [test, -e, /proc/sys/net/ipv4/conf/ready]}, periodSeconds: 1}
""")
    vips = case.service("slow", "{app: slow}", backends=0)
    client = case.pod("client")
    true("refused" in client.ask(vips[0], 80)[0][1], "an unready backend answers")
    equal(case.pod("slow").run("ip", "link", "add", "ready", "type", "bridge").returncode, 0, "ip link add")
    case.cluster.wait_ready(case.namespace, "pod/slow")
    case.cluster.wait_programmed(case.namespace, "slow", 2)
    for to in vips:
        equal(client.ask(to, 80)[0][0], "slow", to)


def test_a_named_port_follows_each_pods_own_number(case):
    case.pods(case.manifest("named-1", "node1", "{app: named}"),
              case.manifest("named-2", "node2", "{app: named}", '[whoami, "9999"]').replace("8080", "9999"))
    vips = case.service("named", "{app: named}", target="web", backends=4)
    for to in vips:
        every_backend_answers(case.pod("client"), to, 80, {"named-1", "named-2"})


def test_headless_services_are_left_alone(case):
    case.apply("""\
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
""")
    case.service("after", "{app: web}", backends=6)
    listed = json.loads(case.cluster.beeline("node1", "service", "list", "-o", "json"))
    equal([s["frontends"] for s in listed if s["name"] == "headless"] or [[]], [[]], "frontends of a headless Service")
