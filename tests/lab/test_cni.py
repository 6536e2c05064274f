# SPDX-License-Identifier: Apache-2.0
"""The CNI plugin as a runtime calls it, by what `lab env` says."""
import json
import os
import subprocess
import time

from lablib.parts import part
from lablib.system import ip, run

from case import equal, true

NODE = "node1"


class Sandbox:
    """A network namespace of a runtime, gone at the end of the test."""

    def __init__(self, case, name):
        self.case, self.id = case, name
        self.netns_name = f"bl-{case.lab.name}-cni-{name}"
        self.netns = "/run/netns/" + self.netns_name
        run("ip", "netns", "add", self.netns_name)
        case.at_end.append(self.close)

    def close(self):
        call(self.case, "DEL", self)
        if os.path.exists(self.netns):
            run("ip", "netns", "del", self.netns_name)

    def links(self):
        return [link["ifname"] for link in json.loads(ip(self.netns_name, "-j", "link"))
                if link["ifname"] != "lo"]


def conf(case, version="1.0.0", **more):
    with open(case.lab.node(NODE).conflist) as f:
        conflist = json.load(f)
    return {**conflist["plugins"][0], "cniVersion": version, "name": conflist["name"], **more}


def call(case, command, sandbox=None, **more):
    """Exit status and decoded output of one call."""
    configuration = more.pop("conf", None) or conf(case)
    plugin = os.path.join(case.lab.cni_path, configuration["type"])
    env = {"CNI_COMMAND": command, "CNI_PATH": case.lab.cni_path, "PATH": os.environ["PATH"]}
    if sandbox:
        env.update(CNI_CONTAINERID=sandbox.id, CNI_NETNS=sandbox.netns, CNI_IFNAME="eth0",
                   CNI_ARGS=f"IgnoreUnknown=1;K8S_POD_NAMESPACE=d;K8S_POD_NAME={sandbox.id};K8S_POD_UID={sandbox.id}")
    env.update(more)
    done = subprocess.run([plugin], input=json.dumps(configuration), capture_output=True, text=True,
                          env={k: v for k, v in env.items() if v is not None})
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None


def host_links(case):
    links = json.loads(case.cluster.node(NODE).run("ip", "-j", "link").stdout)
    return {link["ifname"] for link in links}


def test_add_gives_an_address_of_each_family_and_del_takes_everything_back(case):
    before = host_links(case)
    sandbox = Sandbox(case, "add")
    status, result = call(case, "ADD", sandbox)
    equal(status, 0, str(result))
    equal(sorted(":" in given["address"] for given in result["ips"]), [False, True], "families")
    equal(sandbox.links(), ["eth0"])
    inside = ip(sandbox.netns_name, "-j", "addr", "show", "eth0")
    for given in result["ips"]:
        true(given["address"].split("/")[0] in inside, f"{given['address']} is not on eth0")
    equal(call(case, "DEL", sandbox)[0], 0)
    equal(sandbox.links(), [])
    equal(host_links(case), before, "the node's links")


def test_every_supported_version_is_answered_in_kind(case):
    for version in ("0.3.1", "0.4.0", "1.0.0", "1.1.0"):
        sandbox = Sandbox(case, "v" + version.replace(".", ""))
        status, result = call(case, "ADD", sandbox, conf=conf(case, version))
        equal((status, result.get("cniVersion")), (0, version), str(result))


def test_version_needs_only_the_command(case):
    status, result = call(case, "VERSION")
    equal(status, 0)
    for version in ("0.3.1", "0.4.0", "1.0.0", "1.1.0"):
        true(version in result["supportedVersions"], f"{version} is not in {result}")


def test_an_unsupported_version_is_error_1(case):
    sandbox = Sandbox(case, "old")
    status, result = call(case, "ADD", sandbox, conf=conf(case, "9.9.9"))
    true(status != 0, "it was taken")
    equal(result["code"], 1, str(result))


def test_add_twice_fails_and_keeps_the_first_attachment(case):
    sandbox = Sandbox(case, "twice")
    _, first = call(case, "ADD", sandbox)
    before = ip(sandbox.netns_name, "addr")
    status, _ = call(case, "ADD", sandbox)
    true(status != 0, "the second ADD was taken")
    equal(ip(sandbox.netns_name, "addr"), before, "the namespace")
    equal(call(case, "CHECK", sandbox, conf=conf(case, prevResult=first))[0], 0, "CHECK")


def test_del_succeeds_when_repeated_without_namespace_and_for_strangers(case):
    sandbox = Sandbox(case, "del")
    call(case, "ADD", sandbox)
    for _ in range(2):
        equal(call(case, "DEL", sandbox)[0], 0)
    equal(call(case, "DEL", sandbox, CNI_NETNS="")[0], 0, "empty CNI_NETNS")
    equal(call(case, "DEL", sandbox, CNI_NETNS=None)[0], 0, "no CNI_NETNS")
    equal(call(case, "DEL", sandbox, CNI_CONTAINERID="never-added")[0], 0, "a stranger")


def test_check_notices_a_missing_address(case):
    sandbox = Sandbox(case, "check")
    _, result = call(case, "ADD", sandbox)
    equal(call(case, "CHECK", sandbox, conf=conf(case, prevResult=result))[0], 0)
    gone = next(one["address"] for one in result["ips"] if ":" not in one["address"]).split("/")[0]
    ip(sandbox.netns_name, "addr", "flush", "dev", "eth0", "to", gone)
    true(call(case, "CHECK", sandbox, conf=conf(case, prevResult=result))[0] != 0, "CHECK saw nothing")


def test_a_requested_address_is_given(case):
    cidrs = case.cluster.get("node", NODE)["spec"]["podCIDRs"]
    want = next(c for c in cidrs if ":" not in c).rsplit(".", 1)[0] + ".200"
    sandbox = Sandbox(case, "wish")
    status, result = call(case, "ADD", sandbox, conf=conf(case, runtimeConfig={"ips": [want]}))
    equal(status, 0, str(result))
    true(want in [one["address"].split("/")[0] for one in result["ips"]], f"{want} is not in {result['ips']}")


def test_gc_keeps_exactly_the_valid_attachments(case):
    keep, lose = Sandbox(case, "keep"), Sandbox(case, "lose")
    for sandbox in (keep, lose):
        equal(call(case, "ADD", sandbox)[0], 0)
    listed = json.loads(case.cluster.beeline(NODE, "endpoint", "list", "-o", "json"))
    valid = [{"containerID": e["container_id"], "ifname": "eth0"} for e in listed
             if e.get("container_id") not in (None, "", lose.id)]
    true({"containerID": keep.id, "ifname": "eth0"} in valid, f"{keep.id} is no endpoint")
    status, result = call(case, "GC", conf=conf(case, "1.1.0", **{"cni.dev/valid-attachments": valid}))
    equal(status, 0, str(result))
    equal((keep.links(), lose.links()), (["eth0"], []))


def test_status_says_that_the_node_takes_pods(case):
    equal(call(case, "STATUS", conf=conf(case, "1.1.0"))[0], 0)


def test_parallel_adds_get_different_addresses(case):
    from concurrent.futures import ThreadPoolExecutor
    sandboxes = [Sandbox(case, f"par{i}") for i in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda s: call(case, "ADD", s), sandboxes))
    equal([status for status, _ in answers], [0] * 12, str(answers))
    given = [one["address"] for _, result in answers for one in result["ips"]]
    equal(len(set(given)), 24, "different addresses")


def test_bad_names_are_refused_before_they_reach_a_path(case):
    sandbox = Sandbox(case, "names")
    for key, value in (("CNI_CONTAINERID", "../../etc"), ("CNI_IFNAME", "a/b"), ("CNI_IFNAME", "x" * 16),
                       ("CNI_NETNS", "/etc/passwd"), ("CNI_NETNS", "/proc/1/ns/net")):
        status, result = call(case, "ADD", sandbox, **{key: value})
        true(status != 0 and result["code"], f"{key}={value} was taken: {result}")
    equal(sandbox.links(), [])


def test_without_an_agent_the_answer_is_error_11_within_ten_seconds_and_nothing_is_left(case):
    agent, sandbox, before = part(case.lab, f"{NODE}/beelined"), Sandbox(case, "down"), host_links(case)
    agent.process.stop(9)
    try:
        for command in ("ADD", "STATUS"):
            began = time.monotonic()
            status, result = call(case, command, sandbox, conf=conf(case, "1.1.0"))
            true(time.monotonic() - began < 10, f"{command} took {time.monotonic() - began:.1f} s")
            true(status != 0, f"{command} was taken")
            true(result["code"] in (11, 50), f"{command}: {result}")
            equal(result["code"], 11 if command == "ADD" else result["code"], f"{command}: {result}")
        equal((sandbox.links(), host_links(case)), ([], before))
    finally:
        agent.start()
        agent.wait()
