# SPDX-License-Identifier: Apache-2.0
"""kube-proxy's rules for the Services of scheme.py, and how they get into a network namespace.

full() and partial() make the text that kube-proxy 1.36 would write, by out/tests/bench/kube_rules, whose output a unit test holds
against recordings. load() gives it to the program that kube-proxy gives it to, with the same flags, and takes the time from that
program's start to its end: what kube-proxy itself computes before, and what it lists afterwards, is not counted. kube-proxy
creates the jumps from the built-in chains by single iptables calls when it starts; prepare() does so at once, untimed.

Peers are shown at their best: the endpoints of a bench lie on other nodes, which spares nft an element each; nfacct counters are
left out; the text lies in memory; the xtables lock is nobody else's.
"""
import atexit
import contextlib
import ctypes
import os
import select
import subprocess
import tempfile
import time

from run import scheme, world
from run.base import TooSlow

KINDS = ("iptables-legacy", "iptables-nft", "nftables")
NODE = {4: "192.0.2.1", 6: "2001:db8::1"}

# (table, chain of kube-proxy, built-in chain, comment, only new connections), in the order in which each is put first.
_JUMPS = (
    ("filter", "KUBE-EXTERNAL-SERVICES", "INPUT", "kubernetes externally-visible service portals", True),
    ("filter", "KUBE-EXTERNAL-SERVICES", "FORWARD", "kubernetes externally-visible service portals", True),
    ("filter", "KUBE-NODEPORTS", "INPUT", "kubernetes health check service ports", False),
    ("filter", "KUBE-SERVICES", "FORWARD", "kubernetes service portals", True),
    ("filter", "KUBE-SERVICES", "OUTPUT", "kubernetes service portals", True),
    ("filter", "KUBE-FORWARD", "FORWARD", "kubernetes forwarding rules", False),
    ("filter", "KUBE-PROXY-FIREWALL", "INPUT", "kubernetes load balancer firewall", True),
    ("filter", "KUBE-PROXY-FIREWALL", "OUTPUT", "kubernetes load balancer firewall", True),
    ("filter", "KUBE-PROXY-FIREWALL", "FORWARD", "kubernetes load balancer firewall", True),
    ("nat", "KUBE-SERVICES", "OUTPUT", "kubernetes service portals", False),
    ("nat", "KUBE-SERVICES", "PREROUTING", "kubernetes service portals", False),
    ("nat", "KUBE-POSTROUTING", "POSTROUTING", "kubernetes postrouting rules", False),
)


class RulesError(Exception):
    """The kernel or a program did not take a text."""


# --- texts ----------------------------------------------------------------------------------------------------------------


def place(endpoint):
    """(address, port) as the generator reads it."""
    address, port = endpoint
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def listing(n, live, family=4, changed=(), moving=None):
    """The generator's input, bytes: n Services whose live ones lead to the two endpoints `live`; those in `changed` have their second
    one changed. `moving` is the Service that a partial text is about: it is in `changed` when it has just been changed, and is
    not when it has been changed back."""
    changed, lines = frozenset(changed), []
    for one in scheme.services(n, family):
        now, other = one.endpoints(live), None
        if one.index in changed or one.index == moving:
            other = one.changed(live)
        if one.index in changed:
            now, other = other, now
        ends = ",".join(map(place, now))
        tail = f" gone={place(other[1])} come={place(now[1])}" if one.index == moving else ""
        address = place((one.address, scheme.PORT))
        for proto in one.protos:
            lines.append(f"{scheme.NAMESPACE}/{one.name}:{scheme.PORT_NAME[proto]} {proto} {address} {ends}{tail}\n")
    return "".join(lines).encode()


def generator():
    return os.path.join(world.ROOT, os.environ.get("O", "out"), "tests", "bench", "kube_rules")


def generate(kind, family, services, *more):
    """The text for a list of Services as the generator reads it, bytes."""
    command = [generator(), "nft" if kind == "nftables" else "iptables", "--family", str(family), "--node", NODE[family],
               "--pods", scheme.CLUSTER_CIDRS[family], "--services", scheme.SERVICE_CIDRS[family], *more]
    done = subprocess.run(command, input=services, capture_output=True)
    if done.returncode:
        raise RulesError(done.stderr.decode().strip())
    return done.stdout


def full(kind, n, live, family=4, changed=()):
    """The text of a first sync of n Services, bytes."""
    return generate(kind, family, listing(n, live, family, changed))


def resync(kind, n, live, family=4, changed=()):
    """The text with which everything is written anew over what is there."""
    return generate(kind, family, listing(n, live, family, changed), "--resync")


def partial(kind, n, live, index, family=4, changed=()):
    """The text of the sync after Service `index` changed; `changed` is the state after it."""
    return generate(kind, family, listing(n, live, family, changed, index), "--partial")


# --- loading ---------------------------------------------------------------------------------------------------------------


def program(kind, family, *flags):
    """The command that takes a text of this kind; for iptables with the flags given."""
    if kind == "nftables":
        return ["nft", "-f", "-"]
    return [f"{'ip6' if family == 6 else 'ip'}{kind.removeprefix('ip')}-restore", *flags]


def restore(kind, family):
    """kube-proxy's own command."""
    return program(kind, family, "-w", "5", "--noflush", "--counters")


@contextlib.contextmanager
def entered(netns):
    """This thread in a network namespace: what it starts begins there, with no program in between that would cost the peer time."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(fd, 0x40000000):  # CLONE_NEWNET
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)
        finally:
            os.close(fd)

    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(world.path(netns))
        try:
            yield
        finally:
            enter(f"/proc/self/fd/{home}")
    finally:
        os.close(home)


_lock = None


def _environment():
    """With an xtables lock that no other program waits for: namespaces share the machine's one."""
    global _lock
    if _lock is None:
        _lock = tempfile.NamedTemporaryFile(prefix=f"blb{os.getpid()}-xtables-")
        atexit.register(_lock.close)
    return {**os.environ, "XTABLES_LOCKFILE": _lock.name}


def load(command, netns, text, limit_s):
    """Runs a command in a namespace with `text` (bytes) as its standard input; seconds from start to end. TooSlow past the limit:
    the process is then killed, by its id, and what it had done so far is not undone."""
    with open(os.memfd_create("rules"), "w+b") as source, open(os.memfd_create("said"), "w+b") as said:
        source.write(text)
        source.flush()
        source.seek(0)
        environment = _environment()
        with entered(netns):
            began = time.monotonic()
            child = subprocess.Popen(command, stdin=source, stdout=said, stderr=said, env=environment, close_fds=False)
        try:
            pidfd = os.pidfd_open(child.pid)
            try:
                poll = select.poll()
                poll.register(pidfd, select.POLLIN)
                ended = poll.poll(max(limit_s, 0) * 1000)
                took = time.monotonic() - began
            finally:
                os.close(pidfd)
            if not ended:
                raise TooSlow(took, limit_s)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if child.returncode:
            said.seek(0)
            raise RulesError(f"{' '.join(command)}: {said.read(2000).decode(errors='replace').strip() or child.returncode}")
    return took


def jumps():
    """What kube-proxy puts into the built-in chains when it starts, as one text."""
    lines = []
    for table in ("filter", "nat"):
        rows = [row for row in _JUMPS if row[0] == table]
        lines += [f"*{table}"] + [f":{chain} - [0:0]" for chain in dict.fromkeys(row[1] for row in rows)]
        for _, chain, source, comment, new in rows:
            state = "-m conntrack --ctstate NEW " if new else ""
            lines.append(f'-I {source} {state}-m comment --comment "{comment}" -j {chain}')
        lines.append("COMMIT")
    return ("\n".join(lines) + "\n").encode()


def empty(kind, family):
    """The text that takes everything of a kind away, and the command for it."""
    ip = "ip6" if family == 6 else "ip"
    if kind == "nftables":
        return program(kind, family), f"add table {ip} kube-proxy\ndelete table {ip} kube-proxy\n".encode()
    if kind == "iptables-nft":
        return program("nftables", family), "".join(f"add table {ip} {t}\ndelete table {ip} {t}\n" for t in ("filter", "nat")).encode()
    chains = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
    text = "".join(f"*{t}\n" + "".join(f":{c} ACCEPT [0:0]\n" for c in chains[t]) + "COMMIT\n" for t in chains)
    return program(kind, family, "-w", "5"), text.encode()


class Rules:
    """kube-proxy's rules of one kind and family in one namespace."""

    def __init__(self, kind, netns, family=4):
        if kind not in KINDS:
            raise ValueError(f"no kind '{kind}': {', '.join(KINDS)}")
        self.kind, self.netns, self.family = kind, netns, family

    def clear(self, limit_s=600):
        """Nothing of kube-proxy's is left."""
        command, text = empty(self.kind, self.family)
        load(command, self.netns, text, limit_s)

    def prepare(self):
        """From nothing to what kube-proxy finds at its first sync."""
        self.clear()
        if self.kind != "nftables":
            load(program(self.kind, self.family, "-w", "5", "--noflush"), self.netns, jumps(), 60)

    def load(self, text, limit_s):
        """Seconds that kube-proxy's command takes for a text of full() or partial()."""
        return load(restore(self.kind, self.family), self.netns, text, limit_s)

    def full(self, n, live, changed=()):
        return full(self.kind, n, live, self.family, changed)

    def resync(self, n, live, changed=()):
        return resync(self.kind, n, live, self.family, changed)

    def partial(self, n, live, index, changed=()):
        return partial(self.kind, n, live, index, self.family, changed)
