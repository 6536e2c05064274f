# SPDX-License-Identifier: Apache-2.0
"""What every candidate is, and the two without a proxy: `direct`, the limit, and `routed`, the way through a node without rules."""
import sys

from run import scheme, world


class TooSlow(Exception):
    """A candidate did not get so many Services programmed within its limit."""

    def __init__(self, seconds, limit):
        super().__init__(f"not programmed after {seconds:.1f} s (limit {limit:.0f} s)")
        self.seconds, self.limit = seconds, limit


class Unavailable(Exception):
    """This machine cannot have the candidate; the text says what is missing."""


class Candidate:
    """A way from a client to a server. `client_ns` and `server_ns` are the pods' network namespaces, `node_ns` is the node's;
    client() and server() give the command that runs another where such a process lives, cgroup and all."""

    name = None
    proxies = True
    family = 4
    client_ns = server_ns = node_ns = None
    client_cgroup = server_cgroup = None
    server_ports = scheme.SERVER_PORTS  # the server listens on each, TCP and UDP
    ground = None
    programmed = 0
    room = scheme.MAX_SERVICES  # the most that program() will be asked for

    def __init__(self, family=4):
        self.family = family

    # --- life -----------------------------------------------------------------------------------------------------------

    def up(self):
        raise NotImplementedError

    def take_away(self):
        raise NotImplementedError

    def down(self):
        """Removes what up() made; says on standard error what it could not."""
        try:
            trouble = self.take_away()
        except Exception as err:  # the others are taken down all the same
            trouble = str(err)
        if trouble:
            print(f"bench: {self.name}: {trouble}, ignoring", file=sys.stderr)
        self.programmed = 0

    # --- places ---------------------------------------------------------------------------------------------------------

    def client(self, *command):
        return _placed(self.client_ns, self.client_cgroup, command)

    def server(self, *command):
        return _placed(self.server_ns, self.server_cgroup, command)

    def node(self, *command):
        return world.enter(self.node_ns, *command)

    def server_address(self, family=None):
        return world.SERVER[family or self.family]

    def live_endpoints(self):
        """The two (address, port) behind every live Service: the server on its two ports."""
        return [(self.server_address(), port) for port in self.server_ports]

    # --- Services -------------------------------------------------------------------------------------------------------

    def program(self, n, limit_s):
        """Exactly n Services; the seconds of their full sync from nothing. TooSlow where the limit passes first."""
        self.programmed = n
        return 0.0

    def clear(self):
        self.programmed = 0

    def service(self, index, proto="tcp"):
        """Where a client finds Service `index`: (address, port)."""
        one = scheme.service(index, self.programmed, self.family)
        if proto not in one.protos:
            raise ValueError(f"{one.name} has no {proto} port: only the first, the middle and the last Service have")
        return one.address, scheme.PORT

    def change(self, index):
        """Takes one endpoint of a Service away for another, and the next call brings it back; seconds until the kernel has it."""
        raise NotImplementedError

    def memory(self):
        return {"agent_rss": None, "kernel": None, "source": "nothing is programmed"}

    def rest(self):
        """Between rounds: forgets what earlier connections left in the kernel."""


def _placed(netns, cgroup, command):
    command = world.enter(netns, *command)
    return world.in_cgroup(cgroup, *command) if cgroup else command


class Direct(Candidate):
    name = "direct"
    proxies = False

    def up(self):
        self.ground = world.Ground(self.name)
        try:
            self.client_ns, self.server_ns = self.ground.add("client"), self.ground.add("server")
            world.wire_direct(self.client_ns, self.server_ns)
        except BaseException:
            self.down()
            raise

    def take_away(self):
        return self.ground.leave() if self.ground else ""

    def service(self, index, proto="tcp"):
        return self.server_address(), self.server_ports[0]


class Routed(Candidate):
    name = "routed"
    proxies = False

    def up(self):
        self.ground = world.Ground(self.name)
        try:
            self.client_ns, self.node_ns, self.server_ns = (self.ground.add(part) for part in ("client", "node", "server"))
            world.wire_routed(self.client_ns, self.node_ns, self.server_ns)
        except BaseException:
            self.down()
            raise

    def take_away(self):
        return self.ground.leave() if self.ground else ""

    def service(self, index, proto="tcp"):
        return self.server_address(), self.server_ports[0]
