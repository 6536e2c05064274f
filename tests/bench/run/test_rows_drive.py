# SPDX-License-Identifier: Apache-2.0
"""The rows latency and throughput, with drivers that count nothing."""
import argparse
import unittest
from unittest import mock

from run import drive
from run.base import TooSlow
from run.sizes import bring
from run.rows import latency, throughput

HIST = {"mean": 2, "p1": 1, "p50": 2, "p90": 3, "p99": 4, "p999": 5, "rate": 6, "errors": 0}


class One:
    family = 4

    def __init__(self, name, proxies=True, most=10 ** 6):
        self.name, self.proxies, self.most, self.programmed, self.asked, self.rested = name, proxies, most, 0, [], 0

    def program(self, n, limit_s):
        self.asked.append(n)
        if n > self.most:
            raise TooSlow(limit_s, limit_s)
        self.programmed = n

    def service(self, index, proto):
        return f"{self.name}-{proto}", index

    def rest(self):
        self.rested += 1


class Ctx:
    """As much of a row's context as these two use."""

    def __init__(self, *candidates, sizes=(10,), rounds=15, rows=(), **mode):
        self.args = argparse.Namespace(sizes=list(sizes), rounds=rounds, limit=60, **{"quick": False, "smoke": False, **mode})
        self.candidates, self.rows, self.records, self.skipped, self.order = candidates, rows, [], [], []

    def wants(self, row):
        return not self.rows or row in self.rows

    def record(self, row, one, metric, unit, rounds, **params):
        if self.wants(row):
            self.records.append((row, one.name, metric, list(rounds), params))

    def skip(self, row, one, reason, **params):
        self.skipped.append((one.name, str(reason), params))

    def progress(self, text):
        pass

    def interleave(self, row, candidates, measure, rounds=None, **params):
        found = {c.name: [] for c in candidates}
        for _ in range(rounds or self.args.rounds):
            for one in candidates:
                self.order.append(one.name)
                found[one.name].append(measure(one))
        return found

    def found(self, row, name, metric, **params):
        return [r[3] for r in self.records if r[:3] == (row, name, metric) and params.items() <= r[4].items()]


def run(row, ctx, **fakes):
    with mock.patch.multiple(drive, serve=mock.Mock(), hurry=mock.Mock(return_value=True), **fakes):
        row.run(ctx)


class Latency(unittest.TestCase):
    def measure(self, ctx):
        asked = []

        def answer(one, addr, port, mode, ops, unconnected=False):
            asked.append((addr, port, mode, ops, unconnected))
            return {**HIST, **({"connect": {**HIST, "p1": 0.5}} if mode == "crr" else {})}

        run(latency, ctx, latency=answer)
        return asked

    def test_thirty_thousand_operations_where_a_headline_depends_on_it(self):
        asked = self.measure(Ctx(One("a")))
        for mode in ("crr", "rr"):
            self.assertGreaterEqual(sum(a[3] for a in asked if a[1:3] == (9, mode)), 30000)

    def test_every_row_has_each_percentile_of_each_round(self):
        ctx = Ctx(One("a"))
        self.measure(ctx)
        for row in latency.ROWS:
            for metric in ("p1", "p50", "p90", "p99", "p999", "mean", "rate"):
                self.assertEqual([len(r) for r in ctx.found(row, "a", metric, which="last", services=10)],
                                 [15, 15] if row == "udp-rr" else [15])
        self.assertEqual(ctx.found("connect", "a", "p1", which="last", proto="tcp", family=4), [[0.5] * 15])

    def test_rounds_are_interleaved_and_rested_before(self):
        one, two = One("a"), One("b")
        ctx = Ctx(one, two, rounds=3, quick=True)
        self.measure(ctx)
        self.assertEqual(ctx.order, ["a", "b"] * 3)
        self.assertEqual((one.rested, two.rested), (3, 3))

    def test_first_and_middle_are_asked_of_those_who_know_services(self):
        ctx = Ctx(One("direct", proxies=False), One("a"))
        self.measure(ctx)
        for which in ("first", "middle"):
            self.assertFalse(ctx.found("crr", "direct", "p1", which=which))
            self.assertTrue(ctx.found("crr", "a", "p1", which=which))

    def test_a_row_that_was_not_asked_for_is_not_measured(self):
        asked = self.measure(Ctx(One("a"), rows=("connect",)))
        self.assertEqual({a[2] for a in asked}, {"crr"})

    def test_places_are_distinct_services(self):
        self.assertEqual(latency.places(10, False), [("last", 9), ("first", 0), ("middle", 5)])
        self.assertEqual(latency.places(2, False), [("last", 1), ("first", 0)])
        self.assertEqual(latency.places(1, False), [("last", 0)])
        self.assertEqual(latency.places(10, True), [("last", 9)])


class Throughput(unittest.TestCase):
    def test_streams_and_packets_are_recorded_with_their_cpu(self):
        ctx = Ctx(One("a"), One("b"), sizes=(100, 10), rounds=4)
        run(throughput, ctx, stream=lambda *_, **__: {"goodput": 1e9, "cpu_per_gigabit": 0.1},
            pps=lambda *_, **__: {"rate": 5.0, "lost": 0.25, "cpu_per_packet": 2e-6})
        for streams in (1, 8):
            self.assertEqual(ctx.found("stream", "b", "goodput", streams=streams, services=10), [[1e9] * 4])
            self.assertEqual(ctx.found("stream", "b", "cpu", streams=streams), [[0.1] * 4])
        self.assertEqual(ctx.found("pps", "a", "lost"), [[25.0] * 4])
        self.assertEqual(ctx.found("pps", "a", "cpu"), [[2000.0] * 4])

    def test_a_cpu_that_cannot_be_had_is_no_figure(self):
        ctx = Ctx(One("a"), rounds=2)
        run(throughput, ctx, stream=lambda *_, **__: {"goodput": 1e9, "cpu_per_gigabit": None},
            pps=lambda *_, **__: {"rate": 5.0, "lost": 0.0, "cpu_per_packet": None})
        self.assertFalse(ctx.found("stream", "a", "cpu") + ctx.found("pps", "a", "cpu"))


class Sizes(unittest.TestCase):
    def test_what_is_there_is_not_programmed_again(self):
        one = One("a")
        for _ in range(2):
            self.assertTrue(bring(Ctx(one), "crr", one, 100))
        self.assertEqual(one.asked, [100])

    def test_who_was_too_slow_is_not_asked_for_as_many_again(self):
        one = One("a", most=1000)
        ctx = Ctx(one)
        self.assertEqual([bring(ctx, "crr", one, n) for n in (10, 5000, 5000, 50000, 1000)], [True, False, False, False, True])
        self.assertEqual(one.asked, [10, 5000, 1000])
        self.assertEqual([s[2]["services"] for s in ctx.skipped], [5000, 5000, 50000])


if __name__ == "__main__":
    unittest.main()
