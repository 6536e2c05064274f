# SPDX-License-Identifier: Apache-2.0
"""What a test of the lab suite works with: the cluster, a namespace of its own, and helpers that wait for events."""
import json
import re
import select
import signal
import subprocess
import time

POD = """\
---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels: {labels}
spec:
  nodeName: {node}
  terminationGracePeriodSeconds: 1
  containers:
    - name: c
      image: beeline.test/any
      command: {command}
      ports: [{{name: web, containerPort: 8080}}]
"""


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what + ': ' if what else ''}got {got!r}, want {want!r}")


def true(good, what):
    if not good:
        raise AssertionError(what)


class Capture:
    """tcpdump on a link of some place: which packets passed between `with` and its end."""

    def __init__(self, place, interface, expression):
        self.place, self.lines = place, []
        self.command = ["tcpdump", "-n", "-l", "-U", "--immediate-mode", "-i", interface, expression]

    def __enter__(self):
        self.process = self.place.start(*self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if "listening on" in line:
                return self
        raise AssertionError(f"tcpdump on {self.place.name} ended")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=10)
        self.lines = [line for line in out.splitlines() if line]

    def addresses(self):
        """Every (source, destination) that was seen, ports left out."""
        found = set()
        for line in self.lines:
            m = re.search(r"IP6? (\S+) > (\S+):", line)
            if m:
                found.add(tuple(re.sub(r"^(\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]*)\.\d+$", r"\1", a) for a in m.groups()))
        return found


class Traffic:
    """A client (tests/lab/bin/traffic) that asks without pause while something is done to the cluster."""

    def __init__(self, place, host, port, **options):
        self.process = place.start("traffic", host, str(port), stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.what = f"{place.name} -> {host}:{port}"

    def __enter__(self):
        if not select.select([self.process.stdout], [], [], 15)[0]:
            raise AssertionError(f"{self.what}: not all flows get answers: {json.dumps(self.end())}")
        equal(self.process.stdout.readline().strip(), "ready", self.what)
        return self

    def end(self):
        """Stops it; returns for each flow what was asked, answered, failed and lost."""
        out, _ = self.process.communicate(timeout=30)
        self.result = json.loads(out)
        return self.result

    def __exit__(self, kind, *_):
        self.end()
        if kind is None:
            for flow, found in self.result.items():
                equal((found["failed"], found["lost"]), (0, 0), f"{self.what} {flow} {found}: failed, lost")


class Case:
    def __init__(self, cluster, namespace):
        self.cluster, self.namespace = cluster, namespace
        self.lab = cluster.lab if cluster else None
        self.at_end = []

    def clean(self):
        for work in reversed(self.at_end):
            work()
        self.at_end.clear()

    def kubectl(self, *args, text=None):
        return self.cluster.kubectl("-n", self.namespace, *args, text=text)

    def apply(self, text):
        self.kubectl("apply", "-f", "-", text=text)

    def manifest(self, name, node, labels="{}", command='[whoami, "8080"]'):
        return POD.format(name=name, node=node, labels=labels, command=command)

    def pods(self, *manifests):
        """Applies pods and waits until they are ready."""
        self.apply("".join(manifests))
        names = re.findall(r"^  name: (\S+)$", "".join(manifests), re.M)
        self.cluster.wait_ready(self.namespace, *[f"pod/{name}" for name in names])

    def pod(self, name):
        return self.cluster.pod(self.namespace, name)

    def service(self, name, selector, port=80, target="8080", protocol="TCP", kind="ClusterIP", more="", backends=None):
        """A dual-stack Service that is programmed on every node; returns its addresses, IPv4 first. `protocol` may be
        "TCP UDP": a port of each, with the same number."""
        ports = ", ".join(f"{{name: {p.lower()}, port: {port}, targetPort: {target}, protocol: {p}{more}}}"
                          for p in protocol.split())
        self.apply(f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  type: {kind}
  selector: {selector}
  ipFamilyPolicy: PreferDualStack
  ipFamilies: [IPv4, IPv6]
  ports: [{ports}]
""")
        self.cluster.wait_programmed(self.namespace, name, backends)
        return self.cluster.service_addresses(self.namespace, name)

    def eventually(self, ready, what, seconds=10):
        """Until ready() answers true, asked again every 10 ms: for the far end of something with no event to wait for."""
        end = time.monotonic() + seconds
        while not ready():
            true(time.monotonic() < end, f"{what}: not within {seconds} s")
            select.select([], [], [], 0.01)
