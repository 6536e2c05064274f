# SPDX-License-Identifier: Apache-2.0
import unittest

from run import fakes
from run.rows import policy


class Enforcing(fakes.Fake):
    family = 4

    def policies(self, n, selecting, limit_s):
        return 0.5


class Policy(unittest.TestCase):
    def context(self):
        ctx = fakes.context()
        ctx.args.limit = 60
        return ctx

    def test_who_enforces_none_is_told_so_and_stands_without(self):
        ctx, one = self.context(), fakes.Fake("beeline")
        self.assertEqual(policy.prepare(ctx, [one], 0, 0, "few"), [one])
        self.assertEqual(policy.prepare(ctx, [one], 100, 10, "few"), [])
        self.assertEqual([(f["reason"], f["wrong"]) for f in ctx.failures], [("NetworkPolicy is not enforced yet", False)])
        self.assertEqual(ctx.records, [])

    def test_who_enforces_them_itself_is_asked(self):
        ctx, one = self.context(), Enforcing("beeline")
        self.assertEqual(policy.prepare(ctx, [one], 100, 10, "few"), [one])
        self.assertEqual([(r["metric"], r["rounds"]) for r in ctx.records], [("programming", [0.5])])

    def test_limits_take_part_without_policies_only(self):
        ctx, one = self.context(), fakes.Fake("routed", proxies=False)
        self.assertEqual((policy.prepare(ctx, [one], 0, 0, "few"), policy.prepare(ctx, [one], 10, 10, "few")), ([one], []))

    def test_the_worst_case_is_part_of_a_full_run(self):
        self.assertEqual(policy.selections("full", 1000), [("at most 10", 10), ("all", 1000)])
        self.assertEqual(policy.selections("quick", 1000), [("at most 10", 10)])
        self.assertEqual(policy.selections("quick", 0), [("at most 10", 0)])


if __name__ == "__main__":
    unittest.main()
