# SPDX-License-Identifier: Apache-2.0
"""What the data path does while agents and the API server are killed: nothing at all."""
import json
import os
import subprocess

from lablib.parts import part

from case import Traffic, equal, true


def setup(case):
    label = "{app: f}"
    case.pods(case.manifest("client", "node1"), case.manifest("f-1", "node1", label),
              case.manifest("f-2", "node2", label))
    case.vips = case.service("f", label, protocol="TCP UDP", kind="NodePort", more=", nodePort: 31500", backends=8)


def pinned(case, node):
    """Every BPF object that a node pins, by path, with its kernel id; links with the program that they run."""
    found = {}
    for folder, _, files in os.walk(case.lab.node(node).bpf_dir):
        for name in files:
            path = os.path.join(folder, name)
            for kind in ("map", "link", "prog"):
                shown = subprocess.run(["bpftool", "-j", kind, "show", "pinned", path], capture_output=True, text=True)
                if shown.returncode == 0 and "error" not in shown.stdout:
                    one = json.loads(shown.stdout)
                    found[path] = (kind, one.get("id"), one.get("prog_id"))
                    break
    return found


def kernel_state(case, node):
    """What an agent keeps in the kernel: BPF objects, links, addresses, routes and rules."""
    place = case.cluster.node(node)
    state = {"bpf": pinned(case, node)}
    for what in ("link show", "addr show", "-4 route show table all", "-6 route show table all", "-4 rule", "-6 rule"):
        lines = place.run("ip", *what.split()).stdout.splitlines()
        state[what] = sorted(line.split(" expires ")[0] for line in lines)
    return state


def restart(case, name, sig=9):
    one = part(case.lab, name)
    one.process.stop(sig)
    one.start()
    one.wait()


def flows(case):
    """Traffic of each kind that crosses what node1's agent programmed."""
    client, outside = case.pod("client"), case.cluster.client()
    other = case.pod("f-2")
    return [Traffic(client, case.vips[0], 80), Traffic(client, case.vips[1], 80), Traffic(client, other.v4, 8080),
            Traffic(client, other.v6, 8080), Traffic(outside, case.lab.node("node1").addresses[0], 31500),
            Traffic(outside, case.lab.node("node1").addresses[1], 31500)]


def under(traffic, work):
    if not traffic:
        return work()
    with traffic[0]:
        return under(traffic[1:], work)


def test_an_agent_killed_in_traffic_costs_no_packet_and_neither_does_its_return(case):
    under(flows(case), lambda: restart(case, "node1/beelined"))


def test_a_restart_changes_nothing_in_the_kernel(case):
    before = kernel_state(case, "node1")
    true(before["bpf"], "node1 pins nothing")
    restart(case, "node1/beelined", 15)
    case.cluster.wait_programmed(case.namespace, "f", 8)
    after = kernel_state(case, "node1")
    for key, was in before.items():
        equal(after[key], was, f"{key} after a restart")


def test_what_changed_while_the_agent_was_away_is_there_after_its_return(case):
    agent = part(case.lab, "node1/beelined")
    agent.process.stop(9)
    try:
        case.kubectl("patch", "service", "f", "--type=json", "-p",
                     '[{"op": "replace", "path": "/spec/ports/0/port", "value": 8000}]')
        true(case.pod("client").ask(case.vips[0], 80)[0][0] != "error", "the old port is gone while no agent runs")
    finally:
        agent.start()
        agent.wait()
    client = case.pod("client")
    case.eventually(lambda: client.ask(case.vips[0], 8000)[0][0] != "error", "the new port")
    case.eventually(lambda: client.ask(case.vips[0], 80)[0][0] == "error", "the old port's end")
    case.kubectl("patch", "service", "f", "--type=json", "-p",
                 '[{"op": "replace", "path": "/spec/ports/0/port", "value": 80}]')
    case.eventually(lambda: client.ask(case.vips[0], 80)[0][0] != "error", "the first port again")


def test_the_command_line_reads_the_kernel_while_no_agent_runs(case):
    agent, node = part(case.lab, "node1/beelined"), case.lab.node("node1")
    agent.process.stop(9)
    try:
        dump = case.cluster.beeline("node1", "--bpf-dir", node.bpf_dir, "map", "dump", "service4")
        true(case.vips[0] in dump, f"{case.vips[0]} is not in the map: {dump}")
    finally:
        agent.start()
        agent.wait()


def api_server_down(case):
    server = part(case.lab, "ctl/controlplane")
    server.process.stop(9)
    return server


def api_server_up(server):
    server.start()
    server.wait()
    part(server.lab, "ctl/relay").wait()


def test_without_an_api_server_the_data_path_stays_and_the_agent_returns_to_it(case):
    client = case.pod("client")
    traffic = [Traffic(client, vip, 80) for vip in case.vips]

    def blink():
        server = api_server_down(case)
        api_server_up(server)

    under(traffic, blink)
    case.pods(case.manifest("f-3", "node3", "{app: f}"))
    case.cluster.wait_programmed(case.namespace, "f", 12)
    equal({name for name, _ in client.ask(case.vips[0], 80, count=60)}, {"f-1", "f-2", "f-3"})
    case.kubectl("delete", "pod", "f-3")
    case.cluster.wait_programmed(case.namespace, "f", 8)


def test_an_agent_that_starts_without_an_api_server_keeps_the_last_state(case):
    client, before = case.pod("client"), kernel_state(case, "node1")
    server = api_server_down(case)
    try:
        agent = part(case.lab, "node1/beelined")
        agent.process.stop(9)
        agent.start()
        case.eventually(lambda: os.path.exists(agent.box.socket) and agent.problem() is None, "the agent's socket")
        for vip in case.vips:
            equal([name for name, _ in client.ask(vip, 80, count=20) if name == "error"], [], f"errors of {vip}")
        after = kernel_state(case, "node1")
        for key, was in before.items():
            equal(after[key], was, f"{key} without an API server")
    finally:
        api_server_up(server)
    case.cluster.wait_programmed(case.namespace, "f", 8)


def test_every_acknowledged_write_survives_a_killed_api_server(case):
    names = [f"kept-{i}" for i in range(20)]
    for name in names:
        case.kubectl("create", "configmap", name, "--from-literal=a=b")
    server = api_server_down(case)
    api_server_up(server)
    kept = {item["metadata"]["name"] for item in case.cluster.get("configmaps", "-n", case.namespace)["items"]}
    equal([name for name in names if name not in kept], [], "lost objects")
