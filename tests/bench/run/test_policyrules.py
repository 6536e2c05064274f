# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
import unittest

from run import policyrules, world
from run.base import Routed, TooSlow

SERVER = "import socket,sys\ns = socket.create_server((sys.argv[1], 8080), family=socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)\n" \
         "print('ready', flush=True)\nwhile True:\n    c, _ = s.accept(); c.sendall(b'x'); c.close()\n"
CLIENT = "import socket,sys\nprint(socket.create_connection((sys.argv[1], 8080), float(sys.argv[2])).recv(9).decode())"


class Texts(unittest.TestCase):
    def test_every_policy_is_a_set_a_chain_and_a_rule(self):
        sets = policyrules.sets_text(20, "10.244.0.10").decode()
        text = policyrules.rules_text(20, "10.244.0.11", 8080).decode()
        self.assertEqual((sets.count("create "), sets.count("add ")), (20, 80))
        self.assertEqual((text.count("\n:BENCH-NP-"), text.count("\n-A BENCH-NP-"), text.count("-j BENCH-NP-")), (20, 20, 20))
        self.assertEqual(text.count("-j DROP"), 1)

    def test_the_client_is_among_the_peers_of_the_last_alone(self):
        sets = policyrules.sets_text(20, "10.244.0.10").decode().splitlines()
        self.assertEqual([line for line in sets if line.endswith(" 10.244.0.10")], ["add bench-19 10.244.0.10"])
        self.assertEqual(len({line.split()[-1] for line in sets if line.startswith("add")}), 80)

    def test_policies_of_other_pods_are_not_asked_for_the_server(self):
        text = policyrules.rules_text(1000, "10.244.0.11", 8080, selecting=10).decode()
        self.assertIn("-A BENCH-POLICY -d 10.244.0.11 -g BENCH-TO-0\n", text)
        self.assertEqual(text.count("-A BENCH-TO-0 -j BENCH-NP-"), 10)
        self.assertEqual(text.count("-A BENCH-POLICY -d "), 101)
        self.assertEqual(text.count("-j BENCH-NP-"), 1000)

    def test_none_is_no_rule_but_the_first_and_too_many_are_refused(self):
        self.assertNotIn("DROP", policyrules.rules_text(0, "10.244.0.11", 8080).decode())
        with self.assertRaises(ValueError):
            policyrules.rules_text(5, "10.244.0.11", 8080, selecting=6)


@unittest.skipIf(os.geteuid(), "makes network namespaces: needs root")
class Traffic(unittest.TestCase):
    def setUp(self):
        self.one = Routed()
        self.one.up()
        self.addCleanup(self.one.down)

    def ask(self, server, patience):
        done = subprocess.run(self.one.client(sys.executable, "-c", CLIENT, server, str(patience)), capture_output=True, text=True)
        return done.stdout.strip() == "x"

    def test_the_last_policy_lets_the_client_in_and_nobody_else(self):
        for kind, family in (("iptables-legacy", 4), ("iptables-legacy", 6), ("iptables-nft", 4), ("iptables-nft", 6)):
            with self.subTest(kind=kind, family=family):
                server, client = self.one.server_address(family), world.CLIENT[family]
                stranger = "192.0.2.77" if family == 4 else "2001:db8::77"
                one = policyrules.PolicyRules(kind, self.one.node_ns, family)
                with subprocess.Popen(self.one.server(sys.executable, "-c", SERVER, server), stdout=subprocess.PIPE, text=True) as listener:
                    try:
                        self.assertEqual(listener.stdout.readline(), "ready\n")
                        self.assertGreater(one.program(20, server, client, 8080, 60, selecting=5), 0)
                        self.assertTrue(self.ask(server, 10))
                        one.program(20, server, stranger, 8080, 60, selecting=5)
                        self.assertFalse(self.ask(server, 0.2))
                        self.assertEqual(one.program(0, server, client, 8080, 60), 0)
                        self.assertTrue(self.ask(server, 10))
                    finally:
                        listener.kill()

    def test_what_was_too_slow_leaves_nothing(self):
        one = policyrules.PolicyRules("iptables-legacy", self.one.node_ns)
        with self.assertRaises(TooSlow):
            one.program(2000, self.one.server_address(4), world.CLIENT[4], 8080, 0)
        said = subprocess.run(self.one.node("ipset", "list", "-n"), capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, "")


if __name__ == "__main__":
    unittest.main()
