# SPDX-License-Identifier: Apache-2.0
import unittest
from xml.etree import ElementTree

from run import svg


def parsed(text):
    return ElementTree.fromstring(text)


def texts(root):
    return ["".join(e.itertext()) for e in root.iter("text")]


class Axis(unittest.TestCase):
    def test_a_factor_is_the_same_distance_everywhere(self):
        axis = svg.Log([1, 10, 1000], 0, 300)
        self.assertAlmostEqual(axis.at(10) - axis.at(1), 100)
        self.assertAlmostEqual(axis.at(1000), 300)

    def test_one_value_has_an_axis_around_it(self):
        axis = svg.Log([5], 0, 100)
        self.assertTrue(0 < axis.at(5) < 100)
        self.assertGreaterEqual(len(axis.ticks()), 1)

    def test_ticks_lie_on_the_axis(self):
        for values in ([1, 2.5], [30, 50000], [1e-6, 10], [7, 7]):
            axis = svg.Log(values, 0, 100)
            for tick in axis.ticks():
                self.assertTrue(-0.5 <= axis.at(tick) <= 100.5, (values, tick))

    def test_zero_is_where_a_linear_axis_begins(self):
        axis = svg.Linear([3, 8], 20, 120)
        self.assertEqual(axis.at(0), 20)
        self.assertTrue(all(20 <= axis.at(t) <= 120 for t in axis.ticks()))
        self.assertGreaterEqual(len(axis.ticks()), 4)


class Apart(unittest.TestCase):
    def test_names_do_not_lie_on_each_other(self):
        for places in ([10, 10, 10], [10, 12, 50, 51, 52, 53], [5], [3, 2, 1]):
            moved = svg.apart(places, 14)
            order = sorted(moved)
            self.assertTrue(all(b - a >= 13.999 for a, b in zip(order, order[1:])), (places, moved))

    def test_what_is_far_apart_stays(self):
        self.assertEqual(svg.apart([10, 100], 14), [10, 100])


class Charts(unittest.TestCase):
    SERIES = [("beeline", [(10, 40.0, 38.0, 45.0), (1000, 41.0, 39.0, 46.0)]), ("nftables", [(10, 55.0, 50.0, 60.0), (1000, 56.0, 51.0, 61.0)])]

    def test_lines_are_xml_with_title_and_description(self):
        root = parsed(svg.lines("x", "A <title>", "What & how", self.SERIES, "Services", "time"))
        self.assertEqual(root.find("title").text, "A <title>")
        self.assertEqual(root.find("desc").text, "What & how")
        self.assertEqual(root.get("aria-labelledby"), "x-t x-d")
        self.assertEqual(root.get("role"), "img")

    def test_every_series_has_its_name_and_every_point_its_whisker(self):
        root = parsed(svg.lines("x", "t", "d", self.SERIES, "Services", "time"))
        self.assertTrue({"beeline", "nftables"} <= set(texts(root)))
        self.assertEqual(len([e for e in root.iter("line") if e.get("class") == "whisker"]), 4)
        self.assertEqual(len([e for e in root.iter("g") if e.get("class") == "point"]), 4)

    def test_a_higher_value_stands_higher(self):
        root = parsed(svg.lines("x", "t", "d", [("a", [(1, 10.0, 10.0, 10.0), (2, 100.0, 100.0, 100.0)])], "x", "y"))
        one, other = [e for e in root.iter("circle")]
        self.assertGreater(float(one.get("cy")), float(other.get("cy")))
        self.assertLess(float(one.get("cx")), float(other.get("cx")))

    def test_a_zero_is_not_drawn_on_a_logarithmic_axis(self):
        for points in ([(1, 0.0, 0.0, 0.0), (2, 5.0, 0.0, 9.0)], [(1, 5.0, 0.0, 9.0), (2, 0.0, 0.0, 3.0)]):
            root = parsed(svg.lines("x", "t", "d", [("a", points), ("b", [(1, 0.0, 0.0, 0.0)])], "x", "y"))
            self.assertEqual(len(list(root.iter("circle"))), 1)
            self.assertEqual(len(list(root.iter("path"))), 1)

    def test_a_longer_bar_is_more(self):
        root = parsed(svg.bars("x", "t", "d", [("a", "a", 10.0, 9.0, 11.0), ("b", "b", 20.0, 19.0, 21.0)], "label"))
        one, other = [float(e.get("width")) for e in root.iter("rect")]
        self.assertAlmostEqual(other, 2 * one, delta=0.2)
        self.assertTrue({"10", "20"} <= set(texts(root)))

    def test_nothing_to_draw_is_no_chart(self):
        self.assertEqual(svg.lines("x", "t", "d", [("a", [])], "x", "y"), "")
        self.assertEqual(svg.bars("x", "t", "d", [], "x"), "")

    def test_a_gauge_keeps_what_is_beyond_its_ends(self):
        root = parsed(svg.gauge("x", "t", 1e-6, 1e-7, 50, 0.3, True))
        for e in root.iter("line"):
            self.assertTrue(0 <= float(e.get("x1")) <= 220 and 0 <= float(e.get("x2")) <= 220)

    def test_numbers_keep_three_digits(self):
        self.assertEqual([svg.number(v) for v in (0, 0.1234, 12.34, 1234, 999600, 5e9)], ["0", "0.123", "12.3", "1.23k", "1M", "5G"])


if __name__ == "__main__":
    unittest.main()
