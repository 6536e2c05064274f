# SPDX-License-Identifier: Apache-2.0
import unittest

from run import fakes, headline

KEYS = ["crr_overhead_vs_iptables_10", "crr_overhead_vs_iptables_10000", "crr_overhead_vs_nft_1000", "crr_50000_vs_10", "stream_vs_iptables",
        "stream_vs_direct", "change_vs_nft", "change_vs_iptables", "sync_vs_iptables", "sync_vs_nft"]


class Headline(unittest.TestCase):
    def test_bars_are_fractions_and_their_edge_is_met(self):
        self.assertEqual(headline.bar_of("<= 1/4"), (True, 0.25))
        self.assertTrue(headline.met(1 / 300, "<= 1/300"))
        self.assertTrue(headline.met(0.98, ">= 0.98"))
        self.assertFalse(headline.met(0.0034, "<= 1/300"))

    def test_the_keys_are_these(self):
        self.assertEqual(list(headline.detail([])), KEYS)

    def test_without_records_there_is_no_number_but_a_reason(self):
        found = headline.detail([])
        self.assertEqual(headline.headline(found), {})
        for d in found.values():
            self.assertEqual((d["median"], d["met"]), (None, None))
            self.assertIn("no record of", d["reason"])

    def test_overhead_is_above_direct_of_the_same_round(self):
        found = headline.detail([fakes.crr("direct", 10, [100, 200, 300]), fakes.crr("beeline", 10, [110, 220, 330]),
                                 fakes.crr("iptables-legacy", 10, [200, 300, 400])])["crr_overhead_vs_iptables_10"]
        self.assertAlmostEqual(found["median"], 0.2)
        self.assertAlmostEqual(found["min"], 0.1)
        self.assertAlmostEqual(found["max"], 0.3)
        self.assertEqual((found["rounds"], found["met"]), (3, True))

    def test_only_the_last_service_counts(self):
        found = headline.detail([fakes.crr("direct", 10, [100]), fakes.crr("beeline", 10, [110], which="first"), fakes.crr("iptables-legacy", 10, [200])])
        self.assertNotIn("crr_overhead_vs_iptables_10", headline.headline(found))
        self.assertIn("for beeline with", found["crr_overhead_vs_iptables_10"]["reason"])

    def test_a_direct_that_was_measured_once_holds_for_all_sizes(self):
        direct = fakes.crr("direct", 0, [100])
        for params in ({"services": 0}, {}):
            direct["params"] = {**params, "proto": "tcp", "family": 4}
            found = headline.detail([direct, fakes.crr("beeline", 1000, [130]), fakes.crr("nftables", 1000, [200])])
            self.assertAlmostEqual(headline.headline(found)["crr_overhead_vs_nft_1000"], 0.3)

    def test_a_peer_at_the_limit_in_a_round_leaves_that_round_out(self):
        found = headline.detail([fakes.crr("direct", 10, [100, 100]), fakes.crr("beeline", 10, [110, 150]),
                                 fakes.crr("iptables-legacy", 10, [100, 200])])["crr_overhead_vs_iptables_10"]
        self.assertEqual((found["median"], found["rounds"], found["rounds_without_overhead"]), (0.5, 1, 1))
        self.assertFalse(found["met"])

    def test_growth_is_plain_and_beside_it_adjusted_by_direct(self):
        found = headline.detail([fakes.crr("beeline", 10, [100]), fakes.crr("beeline", 50000, [120]), fakes.crr("direct", 10, [50]),
                                 fakes.crr("direct", 50000, [60])])["crr_50000_vs_10"]
        self.assertAlmostEqual(found["median"], 1.2)
        self.assertAlmostEqual(found["adjusted"]["median"], 1.0)
        self.assertFalse(found["met"])

    def test_growth_without_direct_says_so(self):
        found = headline.detail([fakes.crr("beeline", 10, [100]), fakes.crr("beeline", 50000, [101])])["crr_50000_vs_10"]
        self.assertTrue(found["met"])
        self.assertIn("direct", found["adjusted"]["reason"])

    def test_more_goodput_meets_the_bar(self):
        def one(rate):
            return headline.detail([fakes.plain("stream", "beeline", "goodput", "bit/s", [rate], streams=1, family=4),
                                    fakes.plain("stream", "iptables-legacy", "goodput", "bit/s", [100], streams=1, family=4)])["stream_vs_iptables"]["met"]
        self.assertTrue(one(110))
        self.assertFalse(one(109))

    def test_changes_and_syncs_are_at_ten_thousand(self):
        for row, key in (("change", "change_vs_nft"), ("sync", "sync_vs_nft")):
            at = {n: [fakes.plain(row, "beeline", "time", "s", [0.001], services=n), fakes.plain(row, "nftables", "time", "s", [1.0], services=n)]
                  for n in (1000, 10000)}
            self.assertNotIn(key, headline.headline(headline.detail(at[1000])))
            self.assertAlmostEqual(headline.headline(headline.detail(at[10000]))[key], 0.001)


if __name__ == "__main__":
    unittest.main()
