# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import sys
import unittest

from run import rules, scheme, world
from run.base import TooSlow

LIVE = [("10.244.0.11", 8080), ("10.244.0.11", 8081)]
LIVE6 = [("fd00:10:244::11", 8080), ("fd00:10:244::11", 8081)]


class Texts(unittest.TestCase):
    def test_a_list_has_a_line_for_each_port(self):
        lines = rules.listing(10, LIVE).decode().splitlines()
        self.assertEqual(len(lines), 13)
        self.assertEqual(lines[0], "default/svc-00000:p tcp 10.96.1.0:80 10.244.0.11:8080,10.244.0.11:8081")
        self.assertEqual(lines[1], "default/svc-00000:u udp 10.96.1.0:80 10.244.0.11:8080,10.244.0.11:8081")
        self.assertEqual(lines[2], "default/svc-00001:p tcp 10.96.1.1:80 10.128.0.2:8080,10.128.0.3:8080")

    def test_ipv6_addresses_are_in_brackets(self):
        self.assertEqual(rules.listing(1, LIVE6, 6).decode().splitlines()[0],
                         "default/svc-00000:p tcp [fd00:10:96::100]:80 [fd00:10:244::11]:8080,[fd00:10:244::11]:8081")

    def test_a_change_names_what_goes_and_what_comes(self):
        there = scheme.service(9, 10).changed(LIVE)[1]
        line = rules.listing(10, LIVE, changed={9}, moving=9).decode().splitlines()[-2]
        self.assertTrue(line.endswith(f"8080,{there[0]}:8081 gone=10.244.0.11:8081 come={there[0]}:8081"), line)
        back = rules.listing(10, LIVE, moving=9).decode().splitlines()[-2]
        self.assertTrue(back.endswith(f"8080,10.244.0.11:8081 gone={there[0]}:8081 come=10.244.0.11:8081"), back)
        resting = rules.listing(10, LIVE, changed={9}).decode().splitlines()[-2]
        self.assertTrue(resting.endswith(f"8080,{there[0]}:8081"), resting)

    def test_every_service_is_in_both_kinds_of_text(self):
        for kind, family, live in (("iptables-legacy", 4, LIVE), ("iptables-nft", 6, LIVE6)):
            text = rules.full(kind, 100, live, family).decode()
            self.assertEqual(text.count("\n-A KUBE-SERVICES "), 103 + 1)
            self.assertEqual(text.count(" -j DNAT "), 206)
        for family, live in ((4, LIVE), (6, LIVE6)):
            text = rules.full("nftables", 100, live, family).decode()
            self.assertEqual(text.count(" kube-proxy service-ips { "), 103 + 1)
            self.assertEqual(text.count(" kube-proxy cluster-ips { "), 100 + 1)

    def test_a_partial_text_is_about_one_service(self):
        text = rules.partial("nftables", 100, LIVE, 7, changed={7}).decode()
        self.assertEqual(len(text.splitlines()), 3)
        self.assertIn("default/svc-00007/tcp/p", text)
        text = rules.partial("iptables-legacy", 1000, LIVE, 7, changed={7}).decode()
        self.assertEqual(text.count("\n-A KUBE-SERVICES "), 1004)
        self.assertEqual(text.count(" -j DNAT "), 2)

    def test_commands_are_kube_proxys(self):
        flags = ["-w", "5", "--noflush", "--counters"]
        self.assertEqual(rules.restore("iptables-legacy", 4), ["iptables-legacy-restore", *flags])
        self.assertEqual(rules.restore("iptables-nft", 6), ["ip6tables-nft-restore", *flags])
        self.assertEqual(rules.restore("nftables", 6), ["nft", "-f", "-"])


@unittest.skipIf(os.geteuid(), "makes network namespaces: needs root")
class Loading(unittest.TestCase):
    def setUp(self):
        self.ground = world.Ground("rules")
        self.addCleanup(self.ground.leave)
        self.netns = self.ground.add("node")

    def count(self, *command, what):
        said = subprocess.run(world.enter(self.netns, *command), capture_output=True, text=True, check=True).stdout
        return said.count(what)

    def saved(self, kind, family):
        if kind == "nftables":
            return self.count("nft", "list", "ruleset", what="goto service-")
        save = rules.program(kind, family)[0].removesuffix("-restore") + "-save"
        return self.count(save, "-t", "nat", what="-A KUBE-SERVICES ")

    def test_the_kernel_takes_every_kind_in_both_families(self):
        for kind in rules.KINDS:
            for family, live in ((4, LIVE), (6, LIVE6)):
                with self.subTest(kind=kind, family=family):
                    extra = kind != "nftables"  # the rule that leads to NodePorts
                    one = rules.Rules(kind, self.netns, family)
                    one.prepare()
                    self.assertGreater(one.load(one.full(10, live), 60), 0)
                    self.assertEqual(self.saved(kind, family), 13 + extra)
                    one.load(one.resync(10, live), 60)
                    self.assertEqual(self.saved(kind, family), 13 + extra)
                    one.load(one.partial(10, live, 9, {9}), 60)
                    one.load(one.partial(10, live, 9), 60)
                    self.assertEqual(self.saved(kind, family), 13 + extra)
                    one.clear()
                    self.assertEqual(self.saved(kind, family), 0)

    def test_a_refused_text_tells_why(self):
        for kind in rules.KINDS:
            with self.assertRaisesRegex(rules.RulesError, "restore|nft"):
                rules.Rules(kind, self.netns).load(b"nonsense\n", 60)

    def test_past_its_limit_a_program_is_ended(self):
        with self.assertRaises(TooSlow) as caught:
            rules.load([shutil.which("sleep"), "1000"], self.netns, b"", 0.05)
        self.assertEqual(caught.exception.limit, 0.05)
        children = subprocess.run(["ps", "--no-headers", "-o", "args", "--ppid", str(os.getpid())], capture_output=True, text=True)
        self.assertNotIn("sleep 1000", children.stdout)

    def test_this_process_stays_where_it_is(self):
        before = os.readlink("/proc/thread-self/ns/net")
        with rules.entered(self.netns):
            self.assertNotEqual(os.readlink("/proc/thread-self/ns/net"), before)
        self.assertEqual(os.readlink("/proc/thread-self/ns/net"), before)


if __name__ == "__main__":
    sys.exit(unittest.main())
