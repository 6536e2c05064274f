# SPDX-License-Identifier: Apache-2.0
"""Direct return: a client outside asks one node, a pod of another answers it past that node. Both families."""
import json

from lablib.parts import part

from case import Capture, Traffic, equal, true


def setup(case):
    case.pods(case.manifest("far", "node2", "{app: far}"))
    case.service("direct", "{app: far}", protocol="TCP UDP", kind="NodePort", more=", nodePort: 31180",
                 backends=4)
    case.kubectl("annotate", "service", "direct", "beeline.io/forwarding=dsr")
    case.to = case.lab.node("node1").addresses
    for to in case.to:
        case.eventually(lambda: sees_the_client(case, to), f"[{to}]:31180: direct return")


def sees_the_client(case, to, *options, count=1):
    """Asks node1; whether the server answered, and saw the client's own address."""
    found = case.cluster.client().ask(to, 31180, *options, count=count)
    return found == [("far", own(case, to))] * count


def own(case, to):
    return next(a for a in case.lab.client.addresses if (":" in a) == (":" in to))


def test_the_server_sees_the_client_and_answers_it_directly(case):
    node2 = case.cluster.node("node2")
    for to in case.to:
        with Capture(node2, "eth0", "ip proto 4 or ip6 proto 41") as tunnel, \
                Capture(node2, "eth0", f"src host {to} and src port 31180") as back:
            true(sees_the_client(case, to, count=20), f"[{to}]:31180: the client, as the server sees it")
        true(tunnel.lines, f"[{to}]: nothing came in a tunnel")
        true(back.lines, f"[{to}]: node2 has not answered by itself")


def test_xdp_serves_what_tc_has_found_a_way_for(case):
    shown = json.loads(case.cluster.beeline("node1", "status", "-o", "json"))["xdp"]
    equal([u["mode"] for u in shown], ["generic"], "node1's uplinks")
    node1 = case.cluster.node("node1")
    for to in case.to:
        # What XDP sends itself never reaches the stack, where tcpdump on the link listens; tc's does.
        with Capture(case.cluster.node("node2"), "eth0", "ip proto 4 or ip6 proto 41") as tunnel, \
                Capture(node1, "eth0", f"dst host {to} and dst port 31180") as to_tc:
            true(sees_the_client(case, to, count=100), f"[{to}]:31180")
        true(len(tunnel.lines) > 2 * len(to_tc.lines),
             f"[{to}]: {len(tunnel.lines)} packets in tunnels, {len(to_tc.lines)} came to node1's tc")


def test_an_agent_killed_and_back_loses_no_packet_of_direct_return(case):
    one = part(case.lab, "node1/beelined")
    with Traffic(case.cluster.client(), case.to[0], 31180), Traffic(case.cluster.client(), case.to[1], 31180):
        one.process.stop(9)
        one.start()
        one.wait()


# A line of a million blanks, of which the answer repeats none.
UPLOAD = """
import socket, sys
s = socket.create_connection((sys.argv[1], 31180), timeout=10)
s.sendall(b" " * 1000000 + b"all\\n")
print(s.makefile().readline().split()[2])
"""


def test_an_upload_fits_into_the_tunnel_when_the_client_was_told(case):
    for to in case.to:
        done = case.cluster.client().run("python3", "-c", UPLOAD, to)
        equal((done.returncode, done.stdout.strip()), (0, "all"), f"[{to}]: {done.stderr.strip()}")


def test_a_service_may_go_back_to_translation(case):
    case.kubectl("annotate", "--overwrite", "service", "direct", "beeline.io/forwarding=snat")
    for to in case.to:
        case.eventually(lambda: not sees_the_client(case, to), f"[{to}]:31180: translation")
        equal({name for name, _ in case.cluster.client().ask(to, 31180, count=5)}, {"far"}, f"[{to}]:31180")
