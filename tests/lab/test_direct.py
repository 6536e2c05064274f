# SPDX-License-Identifier: Apache-2.0
"""Nodes on one link, routes without BGP."""
from case import equal

LAB = {"size": 2, "routing": "direct"}


def test_pods_and_services_work_without_bgp(case):
    case.pods(case.manifest("one", "node1"), case.manifest("two", "node2", "{app: two}"))
    one, two = case.pod("one"), case.pod("two")
    equal(one.ask(two.v4, 8080), [("two", one.v4)])
    equal(one.ask(two.v6, 8080), [("two", one.v6)])
    for to in case.service("two", "{app: two}", backends=2):
        equal({name for name, _ in one.ask(to, 80, count=5)}, {"two"}, to)
