# SPDX-License-Identifier: Apache-2.0
import unittest

from run import stats


class Rounds(unittest.TestCase):
    def test_a_spread_is_the_median_with_least_and_most(self):
        self.assertEqual(stats.spread([5, 1, 3]), {"median": 3, "min": 1, "max": 5, "rounds": 3})
        self.assertEqual(stats.spread(iter([1, 2]))["median"], 1.5)
        with self.assertRaisesRegex(ValueError, "no rounds"):
            stats.spread([])

    def test_the_median_of_ratios_is_not_the_ratio_of_medians(self):
        ours, theirs = [10, 40, 90], [10, 20, 300]
        self.assertEqual(stats.spread(stats.ratios(ours, theirs))["median"], 1)

    def test_a_round_without_the_other_says_nothing(self):
        self.assertEqual(stats.ratios([1, 2], [0, 4]), [0.5])

    def test_overhead_is_above_the_limit_of_the_same_round(self):
        self.assertEqual(stats.overheads([40, 80], [36, 72]), [4, 8])
        self.assertEqual(stats.overhead_ratios([40, 80], [56, 112], [36, 72]), [0.2, 0.2])

    def test_a_drifting_machine_does_not_change_overhead_ratios(self):
        drift = (1, 1.3, 0.8, 2)
        found = stats.overhead_ratios([41 * d for d in drift], [53 * d for d in drift], [36 * d for d in drift])
        for ratio in found:
            self.assertAlmostEqual(ratio, 5 / 17)

    def test_a_round_in_which_the_peer_is_not_above_the_limit_says_nothing(self):
        self.assertEqual(stats.overhead_ratios([40, 40], [36, 56], [36, 36]), [0.2])

    def test_noise_is_how_far_the_limit_lies_apart(self):
        found = stats.noise([100, 110, 90, 100, 100])
        self.assertAlmostEqual(found["whole"], 0.2)
        self.assertAlmostEqual(found["half"], 0)
        self.assertEqual(stats.noise([7]), {"whole": 0, "half": 0})


class Histograms(unittest.TestCase):
    def test_merging_adds_what_lies_in_the_same_bucket(self):
        self.assertEqual(stats.merge([[[0, 1, 2], [8, 2, 1]], [[8, 2, 4]], []]), [[0, 1, 2], [8, 2, 5]])

    def test_percentiles_lie_inside_their_bucket(self):
        buckets = [[100, 10, 10], [110, 10, 80], [200, 20, 10]]
        self.assertEqual(stats.percentile(buckets, 0), 100)
        self.assertEqual(stats.percentile(buckets, 0.05), 105)
        self.assertEqual(stats.percentile(buckets, 0.5), 115)
        self.assertEqual(stats.percentile(buckets, 1), 220)

    def test_a_merged_percentile_is_the_one_of_all_values(self):
        fast, slow = [[10, 1, 900]], [[50, 1, 100]]
        self.assertLess(stats.percentile(stats.merge([fast, slow]), 0.89), 11)
        self.assertGreaterEqual(stats.percentile(stats.merge([slow, fast]), 0.95), 50)

    def test_an_empty_histogram_has_no_percentile(self):
        with self.assertRaisesRegex(ValueError, "empty"):
            stats.percentile([], 0.5)


if __name__ == "__main__":
    unittest.main()
