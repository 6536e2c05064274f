# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import types
import unittest

from run import candidate, peers, rules, scheme, world
from run.base import TooSlow, Unavailable


class Names(unittest.TestCase):
    def test_all_candidates_are_there_in_the_order_of_reports(self):
        ctx = types.SimpleNamespace(args=types.SimpleNamespace(family=6, sizes=[10, 300]))
        found = candidate.candidates(ctx)
        self.assertEqual([c.name for c in found][:6],
                         ["direct", "routed", "iptables-legacy", "iptables-nft", "nftables", "beeline"])
        self.assertEqual({(c.family, c.room) for c in found}, {(6, 300)})
        self.assertEqual([c.name for c in found if not c.proxies], ["direct", "routed"])

    def test_every_kind_of_rules_is_a_peer(self):
        self.assertEqual([peer.name for peer in peers.PEERS], list(rules.KINDS))


@unittest.skipIf(os.geteuid(), "makes network namespaces: needs root")
class Serving(unittest.TestCase):
    def peer(self, kind):
        one = kind()
        self.addCleanup(one.down)
        one.up()
        return one

    def ask(self, one, index, proto):
        address, port = one.service(index, proto)
        return subprocess.run(one.client(os.path.join(world.ROOT, "tests/lab/bin/ask"), *["--udp"] * (proto == "udp"),
                                         "--timeout", "5", address, str(port)), capture_output=True, text=True).stdout

    def test_live_services_answer_at_every_size(self):
        for kind in peers.PEERS:
            one = self.peer(kind)
            server = subprocess.Popen(one.server(os.path.join(world.ROOT, "tests/lab/bin/whoami"), "8080", "8081"),
                                      env={**os.environ, "HOSTNAME": one.name})
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            world.wait_listening(server, one.server_ports)
            for n in (3, 20, 5):
                self.assertGreater(one.program(n, 60), 0)
                for index in scheme.live(n):
                    for proto in ("tcp", "udp"):
                        self.assertEqual(self.ask(one, index, proto), f"{one.name} {world.CLIENT[4]} q0\n", (kind, n, index))
            self.assertGreater(one.change(4), 0)
            self.assertGreater(one.change(4), 0)
            one.rest()
            self.assertEqual(self.ask(one, 4, "tcp"), f"{one.name} {world.CLIENT[4]} q0\n")
            one.clear()
            self.assertEqual(one.programmed, 0)
            one.down()

    def test_a_size_that_takes_too_long_leaves_no_service(self):
        one = self.peer(peers.IptablesLegacy)
        with self.assertRaises(TooSlow) as caught:
            one.program(2000, 0.0001)
        self.assertEqual(caught.exception.limit, 0.0001)
        self.assertEqual(one.programmed, 0)
        with self.assertRaises(ValueError):
            one.service(0)

    def test_what_the_machine_lacks_is_named(self):
        generator, rules.generator = rules.generator, lambda: "/nonexistent/kube_rules"
        try:
            with self.assertRaisesRegex(Unavailable, "kube_rules is not built"):
                peers.Nftables().up()
        finally:
            rules.generator = generator


if __name__ == "__main__":
    unittest.main()
