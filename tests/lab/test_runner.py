# SPDX-License-Identifier: Apache-2.0
"""Pods by plain kubectl: spread, probes, restarts, termination, and that kubectl sees it all."""
import collections
import json
import os
import time

from case import equal, true

PROBED = """\
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: c
      image: any
      command: [whoami, "8080"]
      ports: [{{name: web, containerPort: 8080}}]
      readinessProbe: {{{probe}, periodSeconds: 1}}
"""


def test_pods_without_a_node_are_spread_over_the_nodes(case):
    for i in range(6):
        case.kubectl("run", f"s-{i}", "--image=any", "--labels=spread=yes", "--", "sleep", "infinity")
    case.cluster.wait_ready(case.namespace, "pod", "-l", "spread=yes")
    count = collections.Counter(pod.node for pod in case.cluster.pods(case.namespace, "spread=yes"))
    equal(sorted(count.values()), [2, 2, 2], "pods a node")
    case.kubectl("delete", "pod", "-l", "spread=yes", "--wait=false")


def test_probes_of_all_three_kinds_make_a_pod_ready(case):
    for name, probe in (("http", "httpGet: {path: /x, port: web}"), ("tcp", "tcpSocket: {port: 8080}"),
                        ("exec", 'exec: {command: [ask, "::1", "8080"]}')):
        case.apply(PROBED.format(name=name, probe=probe))
        case.cluster.wait_ready(case.namespace, f"pod/{name}")


def test_a_probe_that_fails_keeps_a_pod_unready(case):
    case.apply(PROBED.format(name="never", probe="tcpSocket: {port: 1}"))
    case.kubectl("wait", "--for=condition=Initialized", "pod/never", "--timeout=20s")
    with case.cluster.watch("pod", "never", "-n", case.namespace) as lines:
        line = next(line for line in lines if "Running" in line)
    equal(line.split()[1], "0/1", line)


def test_a_container_that_ends_is_started_again_and_counted(case):
    seen = os.path.join(case.lab.dir, "again")
    case.kubectl("run", "again", "--image=any", "--", "sh", "-c",
                 f"test -e {seen} && exec sleep infinity; touch {seen}; exit 3")
    with case.cluster.watch("pod", "again", "-n", case.namespace) as lines:
        next(line for line in lines if line.split()[2] == "Running" and line.split()[3] != "0")
    status = case.pod("again").item["status"]["containerStatuses"][0]
    equal((status["restartCount"], status["lastState"]["terminated"]["exitCode"]), (1, 3))


def test_a_job_like_pod_succeeds_or_fails_by_its_exit_status(case):
    for name, command, phase in (("good", "true", "Succeeded"), ("bad", "false", "Failed")):
        case.kubectl("run", name, "--image=any", "--restart=Never", "--", command)
        case.eventually(lambda: case.pod(name).item["status"].get("phase") == phase, f"{name} is {phase}")


def test_deletion_asks_first_and_kills_after_the_grace_period(case):
    stubborn = "trap '' TERM; while :; do sleep 1; done"
    case.apply(case.manifest("stubborn", "node1", command=f'[sh, -c, "{stubborn}"]'))
    case.cluster.wait_ready(case.namespace, "pod/stubborn")
    began = time.monotonic()
    case.kubectl("delete", "pod", "stubborn", "--grace-period=2", "--wait=true")
    took = time.monotonic() - began
    true(2 <= took < 8, f"deleted after {took:.1f} s")


def test_a_pod_that_waits_to_be_started_again_is_deleted_at_once(case):
    case.kubectl("run", "crash", "--image=any", "--", "false")
    case.eventually(lambda: "CrashLoopBackOff" in json.dumps(case.pod("crash").item["status"]), "crash is in back-off")
    began = time.monotonic()
    case.kubectl("delete", "pod", "crash")
    took = time.monotonic() - began
    true(took < 10, f"deleted after {took:.1f} s of 30 s grace")


def test_a_command_that_does_not_exist_is_named(case):
    case.kubectl("run", "lost", "--image=any", "--restart=Never", "--", "/does/not/exist")
    case.eventually(lambda: case.pod("lost").item["status"].get("phase") == "Failed", "lost is Failed")
    ended = case.pod("lost").item["status"]["containerStatuses"][0]["state"]["terminated"]
    equal((ended["reason"], ended["message"]), ("StartError", "/does/not/exist: No such file or directory"))


def test_a_deleted_pods_name_can_be_used_again_at_once(case):
    for _ in range(3):
        case.pods(case.manifest("phoenix", "node2"))
        case.kubectl("delete", "pod", "phoenix")


def test_kubectl_get_w_shows_a_pod_come_and_go(case):
    states = []
    with case.cluster.watch("pods", "-n", case.namespace, "-l", "seen=yes") as lines:
        case.pods(case.manifest("seen", "node1", "{seen: 'yes'}"))
        case.kubectl("delete", "pod", "seen", "--wait=true")
        case.kubectl("run", "end", "--image=any", "--labels=seen=yes", "--restart=Never", "--", "true")
        for line in lines:
            if line.startswith("end"):
                break
            states.append(line.split()[2])
    for state in ("Running", "Terminating"):
        true(state in states, f"{state} is not among {states}")


def test_lab_exec_runs_a_command_in_a_pod_and_passes_its_exit_status(case):
    import subprocess
    from lablib.plan import ROOT
    case.pods(case.manifest("here", "node1"))
    lab = os.path.join(ROOT, "scripts", "lab")
    done = subprocess.run([lab, "exec", "--name", case.lab.name, f"{case.namespace}/here", "--", "sh", "-c",
                           "ip -br addr show eth0; exit 7"], capture_output=True, text=True)
    equal(done.returncode, 7, done.stderr)
    true(case.pod("here").v4 in done.stdout, done.stdout)
