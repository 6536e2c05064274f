# SPDX-License-Identifier: Apache-2.0
"""The peers: the routed topology, with the rules that kube-proxy 1.36 writes on the node, by rules.py.

What kube-proxy sets besides rules (its defaults, where a namespace has the setting): connections established for a day, an hour
when half closed. The size of the connection table is the machine's, not a namespace's: rest() empties the table between
rounds, so that no peer works against a table that an earlier round has filled. route_localnet stays off: it is for NodePorts on
127.0.0.1, which no bench asks for.
"""
import os
import shutil

from run import rules, world
from run.base import Candidate, Routed, Unavailable

CONNTRACK_SETTINGS = ("net.netfilter.nf_conntrack_tcp_timeout_established=86400",
                      "net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600")


class Peer(Routed):
    """kube-proxy's rules in one form."""

    proxies = True

    def __init__(self, family=4):
        super().__init__(family)
        self.changed, self.texts = set(), {}

    def up(self):
        for command in (rules.restore(self.name, self.family)[0], "nft"):
            if not shutil.which(command):
                raise Unavailable(f"there is no {command} (scripts/deps installs it)")
        if not os.access(rules.generator(), os.X_OK):
            raise Unavailable(f"{rules.generator()} is not built")
        super().up()
        try:
            self.rules = rules.Rules(self.name, self.node_ns, self.family)
            self.rules.prepare()
            world.sysctl(self.node_ns, *CONNTRACK_SETTINGS)
        except BaseException:
            self.down()
            raise

    def service(self, index, proto="tcp"):
        return Candidate.service(self, index, proto)

    def program(self, n, limit_s):
        """The command's time alone: the text is made before, and so is room for it. TooSlow leaves no Service."""
        self.clear()
        text = self.rules.full(n, self.live_endpoints())
        try:
            took = self.rules.load(text, limit_s)
        except BaseException:
            self.clear()
            raise
        self.programmed = n
        return took

    def clear(self):
        self.rules.prepare()
        self.programmed, self.changed = 0, set()

    def change(self, index):
        """The partial text's load alone."""
        after = self.changed ^ {index}
        took = self.rules.load(self.rules.partial(self.programmed, self.live_endpoints(), index, after), 600)
        self.changed = after
        return took

    def memory(self):
        return {"agent_rss": None, "kernel": None,
                "source": "kernel memory of rules is measured while they are loaded (row memory); no agent runs"}

    def rest(self):
        world.flush_conntrack(self.node_ns)


class IptablesLegacy(Peer):
    name = "iptables-legacy"


class IptablesNft(Peer):
    name = "iptables-nft"


class Nftables(Peer):
    name = "nftables"


PEERS = (IptablesLegacy, IptablesNft, Nftables)
