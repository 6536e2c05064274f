# SPDX-License-Identifier: Apache-2.0
import contextlib
import html.parser
import io
import json
import os
import tempfile
import unittest

from run import fakes, page, report, smoke, table, views
from run import records as rec

VOID = {"meta", "br", "link"}


class Nesting(html.parser.HTMLParser):
    """Whether every element that is opened is closed, in order; and which ids and addresses there are."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.wrong, self.outside = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.outside += [v for k, v in attrs if k in ("src", "href", "xlink:href") and not (v or "").startswith("#")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.ids += [dict(attrs)["id"]] if "id" in dict(attrs) else []

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def some_records():
    found = []
    for n in (10, 1000):
        for factor, name in ((1, "direct"), (1.1, "beeline"), (1.5, "iptables-legacy"), (1.05, "nftables")):
            for step, metric in enumerate(("p1", "p50", "p90", "p99", "p999")):
                found.append(fakes.crr(name, n, [36000 * factor * (1 + step), 37000 * factor * (1 + step), 36500 * factor * (1 + step)], metric))
    for name, rate in (("direct", 3.1e10), ("beeline", 3.0e10), ("nftables", 2e10)):
        found.append(fakes.plain("stream", name, "goodput", "bit/s", [rate, rate * 1.1], streams=1, family=4))
    found.append(fakes.plain("packet", "beeline", "time", "ns", [80, 82], what="pod <to> pod", family=4, flows=1))
    found.append(fakes.plain("outage", "beeline", "lost", "packets", [0, 0], services=10))
    return found


def whole():
    failures = [{"row": "sync", "candidate": "iptables-nft", "reason": "not programmed after 60.0 s", "wrong": False, "params": {"services": 10000}},
                {"row": "memory", "candidate": "nftables", "reason": "<boom>", "wrong": True, "params": {}}]
    return report.make(fakes.about(), some_records(), failures)


class Page(unittest.TestCase):
    def setUp(self):
        self.text = page.page(whole())
        self.seen = Nesting(self.text)

    def test_elements_nest_and_ids_are_unique(self):
        self.assertEqual((self.seen.wrong, self.seen.open), ([], []))
        self.assertEqual(len(self.seen.ids), len(set(self.seen.ids)))

    def test_nothing_comes_from_elsewhere_and_nothing_runs(self):
        self.assertEqual(self.seen.outside, [])
        self.assertNotIn("<script", self.text)
        self.assertNotIn("url(", self.text)
        self.assertNotIn("@import", self.text)

    def test_what_comes_from_outside_is_escaped(self):
        self.assertIn("&lt;boom&gt;", self.text)
        self.assertNotIn("<boom>", self.text)
        self.assertNotIn("A <fast>", self.text)

    def test_it_says_what_is_met_missed_and_not_measured(self):
        for word in (">met</span>", ">not met</span>", ">not measured</span>"):
            self.assertIn(word, self.text)

    def test_a_loss_is_in_it(self):
        self.assertIn("What beeline loses", self.text)
        self.assertTrue(any(one["peer"] == "nftables" and one["metric"] == "p1" for one in whole()["losses"]))
        self.assertIn("every figure in which a peer", self.text)

    def test_a_report_without_records_is_a_page_all_the_same(self):
        seen = Nesting(page.page(report.make(fakes.about(), [], [])))
        self.assertEqual((seen.wrong, seen.open), ([], []))


class Files(unittest.TestCase):
    def test_json_holds_all_of_it_and_draws_the_same_page(self):
        with tempfile.TemporaryDirectory() as folder:
            report.write(whole(), folder)
            again = report.load(os.path.join(folder, "report.json"))
            self.assertEqual(json.loads(json.dumps(whole())), again)
            with open(os.path.join(folder, "report.html")) as f:
                self.assertEqual(f.read(), page.page(again))
            self.assertEqual(sorted(os.listdir(folder)), ["report.html", "report.json"])

    def test_headline_holds_numbers_only(self):
        found = whole()["headline"]
        self.assertEqual(set(found), {"crr_overhead_vs_iptables_10", "crr_overhead_vs_nft_1000", "stream_vs_direct"})
        self.assertTrue(all(isinstance(v, float) for v in found.values()))


class Text(unittest.TestCase):
    def test_the_terminal_has_every_candidate_and_the_verdicts(self):
        text = table.terminal(whole())
        for word in ("beeline", "nftables", "NOT MET", "not measured", "40.1 µs", "FAILED memory, nftables: <boom>"):
            self.assertIn(word, text)

    def test_packets_are_one_table(self):
        head, lines = table.packets([fakes.plain("packet", "beeline", m, "ns", [v], what="pod to pod", family=f, flows=n)
                                     for m, v in (("time", 80), ("net", 40)) for f in (4, 6) for n in (1, 1024)])
        self.assertEqual(head, ["", "time", "net"])
        self.assertEqual([line[0] for line in lines], ["IPv4 pod to pod", "IPv4 pod to pod, 1,024 flows", "IPv6 pod to pod", "IPv6 pod to pod, 1,024 flows"])

    def test_markdown_tables_have_as_many_cells_in_every_line(self):
        for block in table.markdown(whole()).split("\n\n"):
            lines = [line for line in block.splitlines() if line.startswith("|")]
            self.assertLessEqual(len({line.count("|") for line in lines}), 1, block)

    def test_values_are_in_the_unit_that_one_counts_in(self):
        for v, unit, want in ((1500, "ns", "1.5 µs"), (0.0123, "s", "12.3 ms"), (3e-6, "s", "3 µs"), (2 ** 21, "bytes", "2 MiB"), (3.1e10, "bit/s", "31.0 Gbit/s"),
                              (0, "packets", "0 packets"), (999.96, "ns", "1 µs"), (0, "s", "0 µs"),
                              (8930, "ns/packet", "8.93 µs/packet"), (30000, "1/s", "30.0 k/s"), (0.09, "s/Gbit", "90.0 ms/Gbit"), (0, "ns", "0 ns")):
            self.assertEqual(views.value(v, unit), want)

    def test_tables_run_across_sizes_and_keep_other_settings_apart(self):
        found = [fakes.crr("beeline", n, [1.0], which=w) for n in (1000, 10) for w in ("first", "last")]
        tables = views.tables(found, "crr")
        self.assertEqual([(t.axis, t.columns, t.fixed["which"]) for t in tables], [("services", [10, 1000], "first"), ("services", [10, 1000], "last")])
        self.assertEqual(len(views.tables(found, "crr", which="last")), 1)

    def test_noise_is_the_spread_of_direct(self):
        found = views.noise([fakes.crr("direct", 10, [100, 110, 105, 95]), fakes.crr("beeline", 10, [1, 9])])
        self.assertEqual(len(found), 1)
        self.assertAlmostEqual(found[0]["percent"], 100 * 15 / 102.5)


class Smoke(unittest.TestCase):
    def judged(self, records, failures=(), rows=("crr",)):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = smoke.judge(report.make({**fakes.about(), "rows": list(rows)}, list(records), list(failures)))
        return status, said.getvalue()

    def test_plausible_figures_pass(self):
        status, text = self.judged([fakes.crr("beeline", 10, [5], "p1"), fakes.crr("beeline", 10, [9], "p50")])
        self.assertEqual((status, text.splitlines()[-1]), (0, "bench: 1 passed, 0 failed"))

    def test_a_zero_a_turned_percentile_and_an_empty_row_fail(self):
        self.assertIn("nothing counted", self.judged([fakes.crr("beeline", 10, [0])])[1])
        self.assertIn("p1 above p50", self.judged([fakes.crr("beeline", 10, [5], "p1"), fakes.crr("beeline", 10, [4], "p50")])[1])
        status, text = self.judged([])
        self.assertEqual((status, text.splitlines()[-1]), (1, "bench: 0 passed, 1 failed"))

    def test_no_losses_in_an_outage_is_fine(self):
        self.assertEqual(self.judged([fakes.plain("outage", "beeline", "lost", "packets", [0])], rows=("outage",))[0], 0)

    def test_a_failure_outside_of_any_row_fails(self):
        one = {"row": "up", "candidate": "beeline", "reason": "no", "wrong": True, "params": {}}
        status, text = self.judged([fakes.crr("beeline", 10, [5])], [one])
        self.assertEqual((status, text.splitlines()[-1]), (1, "bench: 1 passed, 1 failed"))

    def test_what_is_known_not_to_be_there_does_not_fail(self):
        one = {"row": "policy", "candidate": "beeline", "reason": "not yet", "wrong": False, "params": {}}
        self.assertEqual(self.judged([rec.make("policy", "iptables-legacy", "p1", "ns", [5], {})], [one], rows=("policy",))[0], 0)


if __name__ == "__main__":
    unittest.main()
