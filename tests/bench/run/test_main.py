# SPDX-License-Identifier: Apache-2.0
import contextlib
import importlib
import io
import sys
import types
import unittest

from run import fakes, main
from run.base import TooSlow


class Arguments(unittest.TestCase):
    def test_each_length_has_its_plan(self):
        quick, full = main.arguments(["--quick"]), main.arguments([])
        self.assertLess(quick.rounds, full.rounds)
        self.assertEqual(full.sizes, [10, 100, 1000, 5000, 10000, 50000])
        self.assertTrue({10, 1000, 10000} <= set(quick.sizes))
        self.assertEqual(main.arguments(["--smoke"]).mode, "smoke")

    def test_rows_are_named_by_module_or_by_row(self):
        self.assertEqual(main.arguments(["--rows", "crr"]).asked, ["crr"])
        self.assertEqual(main.arguments(["--rows", "throughput"]).asked, ["stream", "pps"])
        for bad in (["--rows", "nosuch"], ["--sizes", "0"], ["--sizes", "70000"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                main.arguments(bad)

    def test_every_row_has_a_module(self):
        for name in main.ROWS:
            self.assertTrue(callable(importlib.import_module(f"run.rows.{name}").run), name)


class Rounds(unittest.TestCase):
    def test_candidates_take_turns(self):
        ctx, order = fakes.context(fakes.Fake("a"), fakes.Fake("b"), rounds=2), []
        found = ctx.interleave("crr", ctx.candidates, lambda c: order.append(c.name) or len(order))
        self.assertEqual(order, ["a", "b", "a", "b"])
        self.assertEqual(found, {"a": [1, 3], "b": [2, 4]})

    def test_one_that_fails_is_left_out_and_told_and_the_others_go_on(self):
        ctx = fakes.context(fakes.Fake("a"), fakes.Fake("b"))

        def measure(one):
            if one.name == "a":
                raise RuntimeError("broken")
            return 1
        self.assertEqual(ctx.interleave("crr", ctx.candidates, measure, services=10), {"b": [1, 1, 1]})
        self.assertEqual(ctx.failures, [{"row": "crr", "candidate": "a", "reason": "broken", "wrong": True, "params": {"services": 10}}])

    def test_too_slow_is_no_fault(self):
        ctx = fakes.context()
        ctx.trouble("sync", "nftables", TooSlow(61, 60), services=50000)
        self.assertEqual([(f["wrong"], "61.0 s" in f["reason"]) for f in ctx.failures], [(False, True)])

    def test_a_row_that_was_not_asked_for_is_not_recorded(self):
        ctx = fakes.context(rows=["rr"])
        ctx.record("crr", "beeline", "p1", "ns", [1])
        ctx.record("rr", "beeline", "p1", "ns", [1])
        self.assertEqual([r["row"] for r in ctx.records], ["rr"])


class Rows(unittest.TestCase):
    def test_a_row_that_dies_is_told_and_the_next_one_runs(self):
        def dies(ctx):
            raise OSError("no such thing")
        kept, main.ROWS = main.ROWS, {"zz_one": ("one",), "zz_two": ("two",)}
        sys.modules["run.rows.zz_one"] = types.SimpleNamespace(run=dies)
        sys.modules["run.rows.zz_two"] = types.SimpleNamespace(run=lambda ctx: ctx.record("two", "beeline", "p1", "ns", [1]))
        try:
            ctx = fakes.context()
            ctx.args.verbose, ctx.args.asked = False, ["one", "two"]
            main.run_rows(ctx)
        finally:
            main.ROWS = kept
            del sys.modules["run.rows.zz_one"], sys.modules["run.rows.zz_two"]
        self.assertEqual([(f["row"], f["reason"]) for f in ctx.failures], [("one", "OSError: no such thing")])
        self.assertEqual([r["row"] for r in ctx.records], ["two"])

    def test_what_depends_on_the_size_goes_through_the_sizes_together(self):
        order, kept = [], (main.ROWS, main.BY_SIZE)
        main.ROWS, main.BY_SIZE = {"zz_a": ("a",), "zz_b": ("b",), "zz_c": ("c",)}, ("zz_a", "zz_c")
        for name in main.ROWS:
            sys.modules[f"run.rows.{name}"] = types.SimpleNamespace(run=lambda ctx, name=name: order.append((name, list(ctx.args.sizes))))
        try:
            ctx = fakes.context(rows=["a", "b", "c"])
            main.run_rows(ctx)
        finally:
            for name in main.ROWS:
                del sys.modules[f"run.rows.{name}"]
            main.ROWS, main.BY_SIZE = kept
        self.assertEqual(order, [("zz_b", [10, 1000]), ("zz_a", [10]), ("zz_c", [10]), ("zz_a", [1000]), ("zz_c", [1000])])
        self.assertEqual(ctx.args.sizes, [10, 1000])

    def test_a_candidate_that_does_not_come_up_is_taken_down_and_told(self):
        class Broken(fakes.Fake):
            downs = 0

            def up(self):
                raise RuntimeError("no bpffs")

            def down(self):
                Broken.downs += 1

        class Fine(fakes.Fake):
            def up(self):
                pass
        ctx = fakes.context()
        ctx.args.leave, ctx.args.candidates = (), []
        kept, main.candidate.candidates = main.candidate.candidates, lambda _: [Broken("a"), Fine("b")]
        try:
            main.bring_up(ctx)
        finally:
            main.candidate.candidates = kept
        self.assertEqual(([c.name for c in ctx.candidates], Broken.downs), (["b"], 1))
        self.assertEqual(ctx.failures[0]["reason"], "no bpffs")


if __name__ == "__main__":
    unittest.main()
