# SPDX-License-Identifier: Apache-2.0
"""NetworkPolicies as iptables and ipset, the peers of row `policy`.

It stands for what a policy engine on iptables makes (Calico's and kube-router's have this shape), at its best: established connections are
accepted by the first rule; one rule a selected pod leads to that pod's chain, the server's before all others; that chain asks
one chain a policy, and drops what none accepted; a policy's chain has one rule, which matches the policy's peers by an ipset and
its port, and accepts at once. No marks, no comments, no counters by name, nothing for egress: every engine has more.

Each policy is: ingress to the pods selected, TCP to one port, from `peers` addresses. The first n - selecting policies select other
pods, 100 of them in turn, as a node has; the others select the server, and of these the last alone has the client among its
peers, as the only one that lets it in.
"""
import ipaddress

from run import rules

PODS = 100
_OTHER = {4: ipaddress.ip_address("10.244.128.0"), 6: ipaddress.ip_address("fd00:10:244:80::")}
_PEER = {4: ipaddress.ip_address("10.129.0.0"), 6: ipaddress.ip_address("fd00:10:129::")}


def peers_of(index, count, family):
    """Addresses that nobody has, each of one policy alone."""
    return [str(_PEER[family] + index * count + k) for k in range(count)]


def sets_text(n, client, family=4, peers=4):
    """The input of `ipset restore`; bytes."""
    lines = []
    for i in range(n):
        lines.append(f"create bench-{i} hash:ip family {'inet6' if family == 6 else 'inet'}")
        members = peers_of(i, peers, family)
        if i == n - 1:
            members[-1] = client
        lines += [f"add bench-{i} {address}" for address in members]
    return "".join(line + "\n" for line in lines).encode()


def rules_text(n, server, port, family=4, selecting=None):
    """The input of iptables-restore --noflush; bytes. `server` is the selected pod's address."""
    selecting = n if selecting is None else selecting
    if not 0 < selecting <= n and n:
        raise ValueError(f"{selecting} of {n} policies select the server: between 1 and {n}")
    pods = {server: list(range(n - selecting, n))} if n else {}
    for i in range(n - selecting if n else 0):
        pods.setdefault(str(_OTHER[family] + i % PODS), []).append(i)
    lines = ["*filter", ":BENCH-POLICY - [0:0]"]
    lines += [f":BENCH-TO-{k} - [0:0]" for k in range(len(pods))] + [f":BENCH-NP-{i} - [0:0]" for i in range(n)]
    lines += ["-A FORWARD -j BENCH-POLICY", "-A BENCH-POLICY -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    lines += [f"-A BENCH-POLICY -d {pod} -g BENCH-TO-{k}" for k, pod in enumerate(pods)]
    for k, policies in enumerate(pods.values()):
        lines += [f"-A BENCH-TO-{k} -j BENCH-NP-{i}" for i in policies] + [f"-A BENCH-TO-{k} -j DROP"]
    lines += [f"-A BENCH-NP-{i} -p tcp -m set --match-set bench-{i} src -m tcp --dport {port} -j ACCEPT" for i in range(n)]
    return ("\n".join(lines) + "\nCOMMIT\n").encode()


class PolicyRules:
    """Such rules in one namespace, whose filter table and ipsets are theirs alone. `kind`: iptables-legacy or iptables-nft."""

    def __init__(self, kind, netns, family=4):
        if kind not in ("iptables-legacy", "iptables-nft"):
            raise ValueError(f"no kind '{kind}': iptables-legacy or iptables-nft")
        self.kind, self.netns, self.family = kind, netns, family

    def clear(self):
        empty = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
        rules.load(rules.program(self.kind, self.family, "-w", "5"), self.netns, empty.encode(), 600)
        rules.load(["ipset", "destroy"], self.netns, b"", 600)

    def program(self, n, server, client, port, limit_s, selecting=None, peers=4):
        """Exactly n policies, from nothing; seconds of both programs. RulesError or TooSlow leave none."""
        self.clear()
        sets, text = sets_text(n, client, self.family, peers), rules_text(n, server, port, self.family, selecting)
        if not n:
            return 0.0
        try:
            took = rules.load(["ipset", "restore"], self.netns, sets, limit_s)
            return took + rules.load(rules.program(self.kind, self.family, "-w", "5", "--noflush"), self.netns, text, limit_s - took)
        except BaseException:
            self.clear()
            raise
