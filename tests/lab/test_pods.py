# SPDX-License-Identifier: Apache-2.0
"""Pod to pod, pod to node, pod to outside: addresses kept inside the cluster, checked at the source, masked outside."""
from case import Capture, equal, true


def setup(case):
    case.pods(case.manifest("one", "node1"), case.manifest("near", "node1"), case.manifest("far", "node2"))


def families(pod):
    return (("IPv4", pod.v4), ("IPv6", pod.v6))


def test_a_pod_has_an_address_of_each_family_from_its_nodes_cidrs(case):
    import ipaddress
    pod = case.pod("one")
    cidrs = case.cluster.get("node", pod.node)["spec"]["podCIDRs"]
    equal(len(pod.ips), 2, "podIPs")
    for ip in pod.ips:
        true(any(ipaddress.ip_address(ip) in ipaddress.ip_network(c) for c in cidrs), f"{ip} lies in none of {cidrs}")
    equal(pod.item["status"]["podIP"], pod.ips[0], "podIP")
    equal(pod.item["status"]["hostIP"], case.lab.node("node1").addresses[0], "hostIP")


def test_pods_of_one_node_reach_each_other_by_their_own_addresses(case):
    one, near = case.pod("one"), case.pod("near")
    for (_, to), (_, own) in zip(families(near), families(one)):
        equal(one.ask(to, 8080), [("near", own)])
        equal(one.ask(to, 8080, "--udp"), [("near", own)], "UDP")


def test_pods_of_two_nodes_reach_each_other_by_their_own_addresses(case):
    one, far = case.pod("one"), case.pod("far")
    for (_, to), (_, own) in zip(families(far), families(one)):
        equal(one.ask(to, 8080), [("far", own)])
        equal(one.ask(to, 8080, "--udp"), [("far", own)], "UDP")


def test_the_wire_between_two_nodes_carries_the_pods_own_addresses(case):
    one, far = case.pod("one"), case.pod("far")
    for (_, own), (_, to) in zip(families(one), families(far)):
        with Capture(case.cluster.node("node2"), "eth0", "tcp port 8080") as wire:
            equal(one.ask(to, 8080, count=3), [("far", own)] * 3)
        equal(wire.addresses(), {(own, to), (to, own)}, "addresses on node2's uplink")


def test_ping_works_in_both_families(case):
    one = case.pod("one")
    for target in (case.pod("near"), case.pod("far")):
        for _, to in families(target):
            done = one.run("ping", "-c", "1", "-W", "2", to)
            equal(done.returncode, 0, f"ping {to}: {done.stdout}")


def test_a_node_reaches_its_own_pods_and_those_of_others(case):
    node = case.cluster.node("node1")
    for name in ("one", "far"):
        for _, to in families(case.pod(name)):
            equal([server for server, _ in node.ask(to, 8080)], [name], to)


def test_a_pod_reaches_its_own_node(case):
    one, node = case.pod("one"), case.lab.node("node1")
    for to in node.addresses:
        equal(one.run("ping", "-c", "1", "-W", "2", to).returncode, 0, f"ping {to}")


def test_a_packet_with_a_foreign_source_is_dropped(case):
    one, near, far = case.pod("one"), case.pod("near"), case.pod("far")
    for target in (near, far):
        for forged, to, bits in (("10.244.200.200", target.v4, 32), ("fd00:10:244:99::99", target.v6, 128)):
            one.run("ip", "addr", "add", f"{forged}/{bits}", "dev", "eth0", *(["nodad"] if bits == 128 else []))
            try:
                with Capture(target, "eth0", f"host {forged}") as seen:
                    equal(one.ask(to, 8080, "--udp", "--source", forged, "--timeout", "0.5"), [("error", "timeout")])
                equal(seen.lines, [], f"what {target.pod} saw of {forged}")
            finally:
                one.run("ip", "addr", "del", f"{forged}/{bits}", "dev", "eth0")


def test_outside_sees_the_node_in_place_of_the_pod(case):
    one, client, node = case.pod("one"), case.cluster.client(), case.lab.node("node1")
    server = client.start("whoami", "9000")
    try:
        for to, own in zip(case.lab.client.addresses, node.addresses):
            case.eventually(lambda to=to: client.ask(to, 9000)[0][0] != "error", "the server outside")
            equal([seen for _, seen in one.ask(to, 9000)], [own], f"TCP to {to}")
            equal([seen for _, seen in one.ask(to, 9000, "--udp")], [own], f"UDP to {to}")
            equal(one.run("ping", "-c", "1", "-W", "2", to).returncode, 0, f"ping {to}")
    finally:
        server.terminate()
        server.wait()


def test_pods_of_the_hosts_network_have_the_nodes_addresses(case):
    case.apply("""\
apiVersion: v1
kind: Pod
metadata: {name: host}
spec:
  nodeName: node3
  hostNetwork: true
  terminationGracePeriodSeconds: 1
  containers: [{name: c, image: any, command: [whoami, "8199"]}]
""")
    case.cluster.wait_ready(case.namespace, "pod/host")
    host, one = case.pod("host"), case.pod("one")
    equal(host.ips, case.lab.node("node3").addresses)
    for to in host.ips:
        equal([name for name, _ in one.ask(to, 8199)], ["host"], to)


def test_no_rule_of_netfilter_is_needed_for_pods(case):
    for node in case.lab.nodes:
        place = case.cluster.node(node.name)
        tracked = place.run("sh", "-c", "cat /proc/net/nf_conntrack 2>/dev/null | grep -c ':8080\\|dport=8080'")
        true(tracked.stdout.strip() in ("0", ""), f"netfilter on {node.name} tracks pods' connections: {tracked.stdout}")
