# SPDX-License-Identifier: Apache-2.0
"""Which Services a bench has: numbers, addresses and endpoints, the same for every candidate.

Service i is default/svc-I with one TCP port 80 and two endpoints. The first, the middle and the last Service are *live*: both of
their endpoints are the server, on its two ports, and they have a UDP port beside the TCP one. The endpoints of all the others are
addresses that nobody has; each is an entry of its own all the same.

            Service i             endpoint k of a Service that is not live
    IPv4    10.96.1.0 + i         10.128.0.0 + 2 i + k
    IPv6    fd00:10:96::100 + i   fd00:10:128:: + 2 i + k
"""
import ipaddress
from dataclasses import dataclass

NAMESPACE = "default"
PORT_NAME = {"tcp": "p", "udp": "u"}
PORT = 80
SERVER_PORTS = (8080, 8081)
CLUSTER_CIDRS = {4: "10.244.0.0/16", 6: "fd00:10:244::/56"}
SERVICE_CIDRS = {4: "10.96.0.0/16", 6: "fd00:10:96::/112"}
MAX_SERVICES = 65000

_FIRST_SERVICE = {4: ipaddress.ip_address("10.96.1.0"), 6: ipaddress.ip_address("fd00:10:96::100")}
_FIRST_ENDPOINT = {4: ipaddress.ip_address("10.128.0.0"), 6: ipaddress.ip_address("fd00:10:128::")}


@dataclass(frozen=True)
class Service:
    """What a candidate programs for Service `index`."""
    index: int
    live: bool
    family: int = 4

    @property
    def name(self):
        return f"svc-{self.index:05d}"

    @property
    def address(self):
        return str(_FIRST_SERVICE[self.family] + self.index)

    @property
    def protos(self):
        return ("tcp", "udp") if self.live else ("tcp",)

    def endpoints(self, server):
        """[(address, port)], two of them; `server` are those of a live Service."""
        if self.live:
            return list(server)
        return [(str(_FIRST_ENDPOINT[self.family] + 2 * self.index + k), SERVER_PORTS[0]) for k in range(2)]

    def changed(self, server):
        """The endpoints while its second one is changed: the same port at an address that no other Service has."""
        first, (_, port) = self.endpoints(server)
        return [first, (str(_FIRST_ENDPOINT[self.family] + 2 * MAX_SERVICES + self.index), port)]


def live(n):
    """The indexes of the live ones among n Services."""
    return sorted({0, n // 2, n - 1}) if n else []


def service(index, n, family=4):
    if not 0 <= index < n <= MAX_SERVICES:
        raise ValueError(f"no Service {index} among {n} (at most {MAX_SERVICES})")
    return Service(index, index in live(n), family)


def services(n, family=4):
    alive = set(live(n))
    return [Service(i, i in alive, family) for i in range(n)]


def difference(have, want):
    """What leads from `have` to `want` Services: (indexes to add, to write anew, to remove). Written anew are those whose being
    live changes."""
    before, after = set(live(have)), set(live(want))
    both = range(min(have, want))
    return (list(range(have, want)), [i for i in both if (i in before) != (i in after)], list(range(want, have)))
