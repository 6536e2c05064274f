# SPDX-License-Identifier: Apache-2.0
"""Routes: what the fabric learns from the nodes and the nodes from it, in the kernel, and what survives whom."""
from lablib.parts import part

from case import Traffic, equal, true


def setup(case):
    case.pods(case.manifest("one", "node1"), case.manifest("two", "node2"))


def cidrs(case, node):
    return case.cluster.get("node", node)["spec"]["podCIDRs"]


def kernel_routes(place, cidr):
    return place.run("ip", "-6" if ":" in cidr else "-4", "route", "show", "table", "all", cidr).stdout


def test_the_fabric_routes_every_nodes_pod_cidrs_to_that_node(case):
    fabric = case.cluster.fabric()
    for node in case.lab.nodes:
        for cidr, hop in zip(cidrs(case, node.name), node.addresses):
            routes = kernel_routes(fabric, cidr)
            true(f"via {hop} " in routes, f"{cidr} should go via {hop}: {routes or 'no route'}")


def test_every_node_routes_the_other_nodes_pod_cidrs(case):
    for here in case.lab.nodes:
        for node in case.lab.nodes:
            for cidr in cidrs(case, node.name) if node is not here else []:
                true("via" in kernel_routes(case.cluster.node(here.name), cidr), f"{here.name} has no route to {cidr}")


def test_a_killed_agent_takes_no_route_away(case):
    agent = part(case.lab, "node2/beelined")
    one, two = case.pod("one"), case.pod("two")
    case.at_end.append(lambda: (agent.start(), agent.wait()))
    with Traffic(one, two.v4, 8080), Traffic(one, two.v6, 8080):
        agent.process.stop(9)
        for cidr in cidrs(case, "node2"):
            true(kernel_routes(case.cluster.fabric(), cidr), f"the fabric lost {cidr}")


def test_a_restarted_bird_takes_no_route_away(case):
    bird = part(case.lab, "node2/bird")
    one, two = case.pod("one"), case.pod("two")
    with Traffic(one, two.v4, 8080), Traffic(one, two.v6, 8080):
        bird.process.stop(9)
        bird.start()
        bird.wait()
        case.eventually(lambda: bird.problem() is None, "its sessions", 30)


def test_bgp_status_names_every_session(case):
    import json
    status = json.loads(case.cluster.beeline("node1", "bgp", "status", "-o", "json"))
    true(status["enabled"] and status["up"], f"bgp status: {status}")
    equal({s["state"] for s in status["sessions"]}, {"Established"}, "states")
