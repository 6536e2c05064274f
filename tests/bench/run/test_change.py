# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import unittest
from unittest import mock

from run import fakes, probe
from run.base import Routed, TooSlow
from run.rows import change


def probes(*rows):
    return [probe.Probe(sent, answered, place) for sent, answered, place in rows]


class Reading(unittest.TestCase):
    def test_lines_become_probes(self):
        self.assertEqual(probe.parse("1000000000 1500000000 1\n2000000000 0 255\n"),
                         [probe.Probe(1.0, 1.5, 1), probe.Probe(2.0, None, None)])

    def test_the_first_answer_of_a_place_counts_from_the_event(self):
        found = probes((1.0, 1.1, 1), (2.0, 2.1, 0), (2.2, 2.9, 1), (2.3, 2.5, 1))
        self.assertAlmostEqual(probe.first_answer(found, 1, 1.5), 1.0)
        self.assertIsNone(probe.first_answer(found, 1, 2.4))

    def test_lost_are_those_of_the_time_that_nobody_answered(self):
        found = probes((1.0, None, None), (2.0, None, None), (2.5, 2.6, 0), (3.0, None, None))
        self.assertEqual(probe.lost(found, 1.5, 2.9), 1)
        self.assertEqual(probe.lost(found, 0, 9), 3)

    def test_stale_are_answers_of_who_was_gone_before_the_question(self):
        found = probes((1.0, 2.5, 1), (2.0, 2.1, 1), (2.2, 2.3, 0), (2.4, 2.5, 1))
        self.assertEqual(probe.stale(found, 1, 2.1), 1)
        self.assertEqual(probe.stale(found, 1, 1.5), 2)

    def test_the_longest_gap_lies_between_answered_probes(self):
        found = probes((1.0, 1.1, 0), (1.1, None, None), (1.4, 1.5, 1), (1.5, 1.6, 0))
        self.assertAlmostEqual(probe.longest_gap(found, 0, 9), 0.4)
        self.assertEqual(probe.longest_gap(found, 1.45, 9), 0.0)
        self.assertEqual(probe.longest_gap([], 0, 9), 0.0)


class Fake(fakes.Fake):
    family, programmed = 4, 0

    def __init__(self, name, seconds=0.25):
        super().__init__(name)
        self.seconds, self.calls = seconds, 0

    def program(self, n, limit_s):
        self.calls += 1
        if self.seconds > limit_s:
            raise TooSlow(self.seconds, limit_s)
        self.programmed = n
        return self.seconds


def context(*candidates, rows=("sync",), rounds=3):
    ctx = fakes.context(*candidates, rows=rows, rounds=rounds)
    ctx.args.sizes, ctx.args.limit = [10, 100], 1
    return ctx


class Rows(unittest.TestCase):
    def test_sync_is_recorded_by_size_with_a_value_a_round(self):
        ctx = context(Fake("beeline"), fakes.Fake("direct", proxies=False))
        change.run(ctx)
        self.assertEqual([(r["candidate"], r["rounds"], r["params"]["services"]) for r in ctx.records],
                         [("beeline", [0.25] * 3, 10), ("beeline", [0.25] * 3, 100)])
        self.assertEqual(ctx.failures, [])

    def test_who_is_too_slow_once_is_not_asked_for_more(self):
        slow = Fake("nftables", seconds=5)
        ctx = context(slow)
        change.run(ctx)
        self.assertEqual(slow.calls, 1)
        self.assertEqual(ctx.records, [])
        self.assertEqual([f["wrong"] for f in ctx.failures], [False, False])

    def test_what_spends_its_time_has_fewer_rounds_but_one(self):
        with mock.patch.object(change.time, "monotonic", side_effect=iter(range(0, 10000, 100)).__next__):
            found = change.bounded(context(), "sync", [Fake("a"), Fake("b")], lambda one: one.program(1, 1), 250)
        self.assertEqual({name: len(values) for name, values in found.items()}, {"a": 2, "b": 2})
        with mock.patch.object(change.time, "monotonic", side_effect=iter(range(0, 10000, 100)).__next__):
            found = change.bounded(context(), "sync", [Fake("a")], lambda one: one.program(1, 1), 1)
        self.assertEqual({name: len(values) for name, values in found.items()}, {"a": 1})

    def test_a_failed_round_takes_a_candidates_figures_along(self):
        one, results = Fake("a"), iter([1, 2, "no"])

        def measure(_):
            value = next(results)
            if value == "no":
                raise RuntimeError("broken")
            return value

        ctx = context()
        self.assertEqual(change.bounded(ctx, "sync", [one], measure, 60), {})
        self.assertEqual([f["reason"] for f in ctx.failures], ["broken"])

    def test_a_peers_change_ends_when_its_program_does_and_beelines_as_its_agent_says(self):
        peer, ours = Fake("nftables"), Fake("beeline")
        ours.status = lambda: {"last_change_at_ns": 5_000_000_000, "last_change_ns": 250_000_000}
        self.assertEqual(change.span(peer, 0.5, 10.0), (9.5, 10.0))
        self.assertEqual(change.span(ours, 0.25, 10.0), (5.0, 5.25))

    def test_a_change_that_another_event_overtook_is_measured_again(self):
        ours = Fake("beeline")
        ours.status = lambda: {"last_change_at_ns": 5_000_000_000, "last_change_ns": 250_000_000}
        ours.changed, ours.change = {9}, mock.Mock(return_value=0.1)
        with self.assertRaises(change.Overtaken):
            change.span(ours, 0.1, 10.0)
        with mock.patch.object(change, "change_once", side_effect=[change.Overtaken("x"), {"time": 1}]):
            self.assertEqual(change.change_round(ours, 10), {"time": 1})
        ours.change.assert_called_once_with(9)
        with mock.patch.object(change, "change_once", side_effect=change.Overtaken("always")):
            with self.assertRaises(change.Overtaken):
                change.change_round(ours, 10)


@unittest.skipIf(os.geteuid(), "makes network namespaces: needs root")
class Watching(unittest.TestCase):
    def test_a_prober_sees_both_places_and_who_falls_silent(self):
        one = Routed()
        one.up()
        self.addCleanup(one.down)
        places = [(address, 9100) for address in (one.live_endpoints()[0][0], one.live_endpoints()[1][0])]
        one.live_endpoints = lambda: places
        one.service = lambda index, proto: places[1]

        def take_away():
            subprocess.run(one.node("ip", "route", "replace", "blackhole", places[1][0]), check=True)

        _, began, ended, found = probe.watch(one, 0, take_away, 1000)
        self.assertEqual({p.place for p in found if p.sent < began}, {1})
        self.assertEqual({p.place for p in found if p.sent > ended}, {None})
        self.assertGreater(probe.lost(found, ended, ended + 1), 0)

    def test_a_service_that_nobody_answers_is_told(self):
        one = Routed()
        one.up()
        self.addCleanup(one.down)
        with self.assertRaisesRegex(RuntimeError, "nobody answered"):
            with probe.running([probe.program(), "--serve", "192.0.2.7:1"]):
                self.fail("it ran")


if __name__ == "__main__":
    unittest.main()
