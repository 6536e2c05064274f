# SPDX-License-Identifier: Apache-2.0
"""Namespaces of a bench: made, wired and removed again, whatever happens.

    direct    client eth0 ---------------- eth0 server

    routed    client eth0 ---- c | node | s ---- eth0 server

A pod's address is a subnet of its own in each family; default routes lead through 169.254.1.1 and fe80::1 on the link, and both
are permanent neighbours, as in beeline's pods: nobody ever resolves anything. All links are veth pairs as the kernel makes them (MTU, offloads, queueing), and the settings of all
namespaces are the same, so that candidates differ in nothing but what they do with a packet.
"""
import atexit
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))
if os.path.join(ROOT, "scripts") not in sys.path:
    sys.path.insert(0, os.path.join(ROOT, "scripts"))

from lablib.system import in_cgroup, inside, ip_batch, run, wait_until  # noqa: E402,F401

CLIENT = {4: "10.244.0.10", 6: "fd00:10:244::10"}
SERVER = {4: "10.244.0.11", 6: "fd00:10:244::11"}
GATEWAY = {4: "169.254.1.1", 6: "fe80::1"}

# Where sockets live: a closed connection's port may be used again after a second, there are many ports, and no congestion control
# paces what it sends (as bbr does, where it is the machine's default), since its timers would be what is measured.
POD_SETTINGS = ("net.ipv4.tcp_tw_reuse=1", "net.ipv4.ip_local_port_range=1024 60999", "net.ipv4.tcp_congestion_control=reno")
QUIET_SETTINGS = ("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                  "net.ipv6.conf.default.accept_ra=0")
NODE_SETTINGS = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

_grounds = []


class Ground:
    """The namespaces of one candidate, by a prefix that carries this process's id. `leave` takes them away and never raises."""

    def __init__(self, name):
        self.prefix = f"blb{os.getpid()}-{name}"
        self.made = []

    def add(self, part):
        netns = f"{self.prefix}-{part}"
        self.made.append(netns)
        if self not in _grounds:
            _grounds.append(self)
        run("ip", "netns", "add", netns)
        sysctl(netns, *QUIET_SETTINGS)
        ip_batch(netns, ["link set lo up"])
        return netns

    def leave(self):
        """What could not be removed, as text; "" when all is gone."""
        trouble = []
        while self.made:
            netns = self.made.pop()
            if not os.path.exists(path(netns)):
                continue
            try:
                run("ip", "netns", "del", netns)
            except Exception as err:  # the others go all the same
                trouble.append(str(err))
        if self in _grounds:
            _grounds.remove(self)
        return "; ".join(trouble)


@atexit.register
def leave_all():
    while _grounds:
        _grounds[-1].leave()


def path(netns):
    return "/run/netns/" + netns


def enter(netns, *command):
    return inside(path(netns), *command)


def sysctl(netns, *settings):
    run(*enter(netns, "sysctl", "-q", "-w", *settings))


def set_up_pod(netns):
    sysctl(netns, *POD_SETTINGS)


def mac(netns, link):
    """A link's MAC address."""
    words = run(*enter(netns, "ip", "-o", "link", "show", "dev", link)).split()
    return words[words.index("link/ether") + 1]


def _addresses(own):
    return [f"addr add {own[4]}/32 dev eth0", f"addr add {own[6]}/128 dev eth0 nodad", "link set eth0 up"]


def _neighbours(addresses, link, lladdr):
    return [f"neigh replace {address} lladdr {lladdr} dev {link} nud permanent" for address in addresses]


def wire_direct(client, server):
    """The two pods on one link, each with a route to the other."""
    ip_batch(client, [f"link add eth0 type veth peer name eth0 netns {server}"])
    for netns, own, far, far_ns in ((client, CLIENT, SERVER, server), (server, SERVER, CLIENT, client)):
        ip_batch(netns, _addresses(own))
        ip_batch(netns, [f"route add {far[f]} dev eth0 src {own[f]}" for f in (4, 6)] +
                 _neighbours(far.values(), "eth0", mac(far_ns, "eth0")))
        set_up_pod(netns)


def wire_pod(node, link, pod, own):
    """A pod's link to the node, which routes to it."""
    ip_batch(node, [f"link add {link} type veth peer name eth0 netns {pod}", f"link set {link} addrgenmode none",
                    f"link set {link} up"])
    ip_batch(pod, _addresses(own))
    ip_batch(pod, [f"route add {GATEWAY[4]} dev eth0", f"route add default via {GATEWAY[4]} dev eth0 src {own[4]}",
                   f"route add default via {GATEWAY[6]} dev eth0 src {own[6]}"] +
             _neighbours(GATEWAY.values(), "eth0", mac(node, link)))
    ip_batch(node, [f"route add {address} dev {link}" for address in own.values()] +
             _neighbours(own.values(), link, mac(pod, "eth0")))
    set_up_pod(pod)


def wire_routed(client, node, server):
    sysctl(node, *NODE_SETTINGS)
    wire_pod(node, "c", client, CLIENT)
    wire_pod(node, "s", server, SERVER)


def flush_conntrack(netns):
    """Forgets every connection that netfilter tracks in a namespace."""
    run(*enter(netns, sys.executable, "-SE", os.path.join(_HERE, "conntrack.py")))


def wait_listening(process, ports, seconds=10):
    """Until a process of some namespace listens on all TCP ports."""
    def ready():
        with open(f"/proc/{process.pid}/net/tcp6") as f6, open(f"/proc/{process.pid}/net/tcp") as f4:
            rows = [line.split() for line in [*f4, *f6] if " 0A " in line]
        return all(any(row[1].endswith(f":{port:04X}") for row in rows) for port in ports)

    wait_until("the server", ready, _Alive(process), seconds=seconds)


class _Alive:
    """A Popen as wait_until asks for its process."""

    def __init__(self, process):
        self.process = process

    def pid(self):
        return None if self.process.poll() is not None else self.process.pid
