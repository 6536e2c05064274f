# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import unittest

from run import fakes, memcg, rules, world
from run.base import Unavailable
from run.rows import memory


class Cgroups(unittest.TestCase):
    def test_version_1_is_taken_where_it_has_the_controller(self):
        mounts = "cgroup /c/cpu cgroup rw,cpu 0 0\ncgroup /c/memory cgroup rw,memory 0 0\ncgroup2 /c/u cgroup2 rw 0 0\n"
        self.assertEqual(memcg.find(mounts), ("/c/memory", "memory.kmem.usage_in_bytes", None))

    def test_version_2_is_taken_where_the_controller_is_on(self):
        with tempfile.TemporaryDirectory() as root:
            mounts = f"cgroup2 {root} cgroup2 rw 0 0\n"
            with self.assertRaises(Unavailable):
                memcg.find(mounts)
            with open(os.path.join(root, "cgroup.subtree_control"), "w") as f:
                f.write("cpu memory pids\n")
            self.assertEqual(memcg.find(mounts), (root, "memory.stat", "kernel"))

    def test_bytes_are_read_from_both_kinds_of_file(self):
        self.assertEqual(memcg.kernel_bytes("4096\n"), 4096)
        self.assertEqual(memcg.kernel_bytes("anon 1\nkernel 77\nkernel_stack 3\n", "kernel"), 77)
        with self.assertRaises(Unavailable):
            memcg.kernel_bytes("anon 1\nkernel_stack 3\n", "kernel")


class Fake(fakes.Fake):
    family, programmed = 4, 0

    def program(self, n, limit_s):
        self.programmed = n

    def memory(self):
        return {"agent_rss": 7 << 20, "kernel": None, "source": "no maps"}


class Row(unittest.TestCase):
    def test_what_an_agent_tells_is_recorded_and_what_it_cannot_is_said(self):
        ctx = fakes.context(Fake("beeline"), fakes.Fake("direct", proxies=False), rows=("memory",))
        ctx.args.sizes, ctx.args.limit = [10], 60
        memory.run(ctx)
        self.assertEqual([(r["metric"], r["rounds"]) for r in ctx.records], [("agent", [7 << 20])])
        self.assertEqual([(f["reason"], f["wrong"]) for f in ctx.failures], [("kernel: no maps", False)])

    @unittest.skipIf(os.geteuid(), "makes network namespaces and cgroups: needs root")
    def test_rules_of_more_services_take_more_kernel_memory(self):
        ground = world.Ground("memory")
        self.addCleanup(ground.leave)
        one = Fake("nftables")
        one.rules = rules.Rules("nftables", ground.add("node"))
        one.live_endpoints = lambda: [("10.244.0.11", 8080), ("10.244.0.12", 8080)]
        one.clear = one.rules.prepare
        ctx = fakes.context(one, rows=("memory",))
        ctx.args.sizes, ctx.args.limit = [10, 1000], 60
        memory.run(ctx)
        if any(not f["wrong"] for f in ctx.failures):
            self.skipTest(ctx.failures[0]["reason"])
        self.assertEqual(ctx.failures, [])
        few, many = (r["rounds"][0] for r in ctx.records)
        self.assertGreater(many, few + 500000)
        self.assertEqual(one.programmed, 1000)


if __name__ == "__main__":
    unittest.main()
