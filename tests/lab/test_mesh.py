# SPDX-License-Identifier: Apache-2.0
"""Nodes that peer with each other by iBGP."""
from case import equal, true

LAB = {"size": 2, "routing": "mesh"}


def test_pods_reach_each_other_over_routes_of_the_mesh(case):
    case.pods(case.manifest("one", "node1"), case.manifest("two", "node2"))
    one, two = case.pod("one"), case.pod("two")
    equal(one.ask(two.v4, 8080), [("two", one.v4)])
    equal(one.ask(two.v6, 8080), [("two", one.v6)])
    for family in ("-4", "-6"):
        routes = case.cluster.node("node1").run("ip", family, "route", "show", "table", "all", "proto", "bird").stdout
        true(case.lab.node("node2").addresses[family == "-6"] in routes, f"no route by node2's own address: {routes}")
