# SPDX-License-Identifier: Apache-2.0
"""The lab as a tool: labs side by side, a lab that cannot come up, and that nothing of one stays."""
import glob
import os
import subprocess
import tempfile

from lablib.cli import programs
from lablib.cluster import Cluster
from lablib.plan import ROOT, Lab
from lablib.system import mounts, run

from case import equal, true

LAB = None
SCRIPT = os.path.join(ROOT, "scripts", "lab")


def lab(*args, **env):
    return subprocess.run([SCRIPT, *args], capture_output=True, text=True, env={**os.environ, **env})


def traces(word):
    """Whatever of a lab the machine still knows."""
    found = [line for line in run("ip", "netns").splitlines() if word in line]
    found += [line for line in run("ip", "-o", "link").splitlines() if word in line]
    for root in mounts("cgroup2") + mounts("bpf") + ["/run/beeline-lab", "/tmp"]:
        found += glob.glob(f"{root}/*{word}*")
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as f:
                command = f.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"/{word}/" in command or f"bl-{word}-" in command:
            found.append(command)
    return found


def test_two_labs_side_by_side_do_not_see_each_other(case):
    names = [f"x{os.getpid()}a", f"x{os.getpid()}b"]
    try:
        for name in names:
            done = lab("up", "--name", name, "--nodes", "1")
            equal(done.returncode, 0, done.stderr)
        for name in names:
            cluster = Cluster(Lab.load(name))
            equal(cluster.get("pods", "-A")["items"], [], f"pods of {name}")
            cluster.kubectl("run", "me", "--image=any", "--", "whoami", "8080")
            cluster.wait_ready("default")
            pod = cluster.pod("default", "me")
            equal(pod.ask(pod.v4, 8080), [("me", pod.v4)])
            equal(lab("status", "--name", name).returncode, 0, "status")
        equal(lab("down", "--name", names[0]).returncode, 0)
        equal(traces(names[0]), [], "what is left of the first")
        other = Cluster(Lab.load(names[1])).pod("default", "me")
        equal(other.ask(other.v6, 8080), [("me", other.v6)], "the second after the first went")
    finally:
        for name in names:
            lab("down", "--name", name)
    for name in names:
        equal(traces(name), [], f"what is left of {name}")


def test_env_is_fit_for_eval(case):
    name = f"x{os.getpid()}e"
    try:
        equal(lab("up", "--name", name, "--nodes", "1").returncode, 0)
        script = f'eval "$({SCRIPT} env --name {name} node1)" && env'
        out = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
        env = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        for key in ("KUBECONFIG", "NETNS", "BEELINE_SOCKET", "CNI_CONF", "CNI_PATH"):
            true(os.path.exists(env[key]), f"{key}={env.get(key)}")
        for place in ("node", "client", "fabric"):
            args = [place, "--name", name] + (["node1"] if place == "node" else []) + ["--", "ip", "-o", "link"]
            true("eth0" in lab(*args).stdout, f"lab {' '.join(args)}")
        for args in (["node", "node1"], ["client"]):
            answer = lab(args[0], "--name", name, *args[1:], "--", "ask", "127.0.0.1", "1")
            true("refused" in answer.stdout, f"{args} has the lab's clients: {answer.stdout} {answer.stderr}")
        for args in (["node", "node1"], ["fabric"]):
            answer = lab(args[0], "--name", name, *args[1:], "--", "birdc", "show", "status")
            true("up and running" in answer.stdout, f"{args}'s birdc finds its BIRD: {answer.stdout} {answer.stderr}")
        lab("kill", "--name", name, "node1/beelined")
        done = lab("node", "--name", name, "node1", "--", "beeline", "service", "list")
        true("kubernetes" in done.stdout, f"beeline reads the node's maps without an agent: {done.stderr}")
        equal(lab("up", "--name", name).returncode, 1, "a second up of the same name")
        lab("stop", "--name", name, "ctl/controlplane")
        with open(f"/run/beeline-lab/{name}/ctl/data/pki/ca.crt", "w") as f:
            f.write("garbage\n")
        done = lab("start", "--name", name, "ctl/controlplane")
        true(done.returncode == 1 and "pki/ca.crt: " in done.stderr, f"a start that fails says why: {done.stderr}")
    finally:
        lab("down", "--name", name)
    equal(traces(name), [])


def test_a_lab_that_cannot_come_up_says_why_and_leaves_nothing(case):
    name = f"x{os.getpid()}f"
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "bin"))
        for program in os.listdir(programs()):
            os.symlink(os.path.join(programs(), program), os.path.join(folder, "bin", program))
        os.unlink(os.path.join(folder, "bin", "beelined"))
        with open(os.path.join(folder, "bin", "beelined"), "w") as f:
            f.write("#!/bin/sh\necho beelined: out of honey >&2\nexit 3\n")
        os.chmod(f.name, 0o755)
        done = lab("up", "--name", name, "--nodes", "2", O=folder)
    equal(done.returncode, 1, done.stdout)
    true("out of honey" in done.stderr and "beelined" in done.stderr, done.stderr)
    equal(traces(name), [])


def test_bad_usage_is_one_line_and_status_2_or_1(case):
    for args, status in ((["up", "--nodes", "x"], 2), (["up", "--name", "../x"], 1), (["nonsense"], 2), (["exec", "a/b"], 2),
                         (["status", "--name", "nobody"], 1)):
        done = lab(*args)
        equal((done.returncode, len(done.stderr.splitlines())), (status, 1), f"lab {' '.join(args)}: {done.stderr}")
    done = subprocess.run([os.path.join(os.path.dirname(SCRIPT), "demo"), "--nonsense"], capture_output=True, text=True)
    equal((done.returncode, len(done.stderr.splitlines())), (2, 1), f"demo: {done.stderr}")
