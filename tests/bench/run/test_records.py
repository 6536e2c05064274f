# SPDX-License-Identifier: Apache-2.0
import unittest

from run import fakes
from run import records as rec


class Records(unittest.TestCase):
    def test_a_record_needs_finite_numbers(self):
        for rounds in ([], [float("nan")], [float("inf")]):
            with self.assertRaises(ValueError):
                rec.make("crr", "beeline", "p1", "ns", rounds, {})

    def test_per_second_is_better_when_more(self):
        self.assertTrue(rec.more_is_better("bit/s"))
        self.assertFalse(rec.more_is_better("ns"))

    def test_records_are_found_by_some_of_their_params(self):
        all_of_them = [fakes.crr("beeline", n, [1]) for n in (10, 100)]
        self.assertEqual(rec.one(all_of_them, "crr", "p1", "beeline", services=100)["params"]["services"], 100)
        self.assertIsNone(rec.one(all_of_them, "crr", "p1", "beeline", services=5))

    def test_a_round_without_a_divisor_is_left_out(self):
        self.assertEqual(rec.ratios([1, 2, 3], [2, 0, 3]), [0.5, 1.0])


class Losses(unittest.TestCase):
    def found(self, *all_of_them):
        return [(one["peer"], one["metric"], round(one["ratio"]["median"], 3), one["clear"]) for one in rec.losses(list(all_of_them))]

    def test_a_slower_beeline_is_named_with_how_much(self):
        self.assertEqual(self.found(fakes.crr("beeline", 10, [200, 210, 220]), fakes.crr("nftables", 10, [100, 105, 110])),
                         [("nftables", "p1", 2.0, True)])

    def test_less_per_second_is_a_loss_too(self):
        self.assertEqual(self.found(fakes.plain("stream", "beeline", "goodput", "bit/s", [10]), fakes.plain("stream", "nftables", "goodput", "bit/s", [15])),
                         [("nftables", "goodput", 1.5, True)])

    def test_the_median_of_the_ratios_decides_and_a_round_to_the_contrary_is_told(self):
        self.assertEqual(self.found(fakes.crr("beeline", 10, [90, 120, 130]), fakes.crr("nftables", 10, [100, 100, 100])), [("nftables", "p1", 1.2, False)])

    def test_what_beeline_wins_or_draws_is_no_loss(self):
        self.assertEqual(self.found(fakes.crr("beeline", 10, [90, 100]), fakes.crr("nftables", 10, [100, 100])), [])

    def test_other_settings_are_not_compared(self):
        self.assertEqual(self.found(fakes.crr("beeline", 10, [200]), fakes.crr("nftables", 100, [100])), [])

    def test_worst_comes_first_and_limits_are_marked(self):
        found = rec.losses([fakes.crr("beeline", 10, [200]), fakes.crr("nftables", 10, [150]), fakes.crr("direct", 10, [50])])
        self.assertEqual([(one["peer"], one["limit"]) for one in found], [("direct", True), ("nftables", False)])


if __name__ == "__main__":
    unittest.main()
