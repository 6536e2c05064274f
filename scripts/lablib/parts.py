# SPDX-License-Identifier: Apache-2.0
"""The programs of a lab: how each is started, where it logs, and how one sees that it works."""
import os
import socket
import sys
import urllib.request

from . import config
from .plan import API_PORT, CLUSTER_CIDRS, ROOT, SERVICE_CIDRS, LabError
from .system import Process, inside, last_line, run, wait_until


class Part:
    """One program: BOX/NAME, like node1/beelined."""

    name = None
    patience = 10

    def __init__(self, box):
        self.box, self.lab = box, box.lab
        self.id = f"{box.name}/{self.name}"
        self.log = box.path(f"{self.name}.log")
        self.process = Process(box.path(f"{self.name}.pid"))

    def command(self):
        raise NotImplementedError

    def cgroup(self):
        return getattr(self.box, "host_cgroup", self.box.cgroup)

    def problem(self):
        """What is wrong with the running part, None when it works."""
        return None

    def start(self):
        if self.process.pid():
            return
        self.process.start(inside(self.box.netns_path, *self.command()), self.log, self.cgroup())

    def wait(self):
        wait_until(self.id, lambda: self.problem() is None, self.process, self.log)

    def state(self):
        if not self.process.pid():
            return f"not running: {last_line(self.log)}"
        return self.problem() or "ok"


def listens(pid, port):
    """Whether somebody listens on a TCP port in a process's network namespace."""
    try:
        with open(f"/proc/{pid}/net/tcp") as f:
            found = [line.split() for line in f]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(local.endswith(f":{port:04X}") and state == "0A" for _, local, _, state, *_ in found[1:])


class ControlPlane(Part):
    name = "controlplane"

    def command(self):
        lab = self.lab
        v4, v6 = self.box.addresses
        return [lab.program("beeline-controlplane"), "--data-dir", self.box.path("data"),
                "--listen", f"127.0.0.1:{API_PORT}", "--listen", f"{v4}:{API_PORT}", "--listen", f"[{v6}]:{API_PORT}",
                "--service-cidr", ",".join(SERVICE_CIDRS), "--cluster-cidr", ",".join(CLUSTER_CIDRS)]

    def problem(self):
        if not os.path.exists(self.box.path("data", "admin.kubeconfig")):
            return "it has not written admin.kubeconfig"
        return None if listens(self.process.pid(), API_PORT) else f"it does not listen on port {API_PORT}"

    def write_kubeconfig(self, path, user, group, server):
        """A kubeconfig with a client certificate of its own for a user."""
        text = run(self.lab.program("beeline-controlplane"), "kubeconfig", "--data-dir", self.box.path("data"),
                   "--user", user, "--group", group, "--server", server)
        config.write(path, text)

    def server(self):
        return f"https://{self.box.addresses[0]}:{API_PORT}"


class Relay(Part):
    """The way from the machine's own 127.0.0.1 to the control plane."""

    name = "relay"

    def command(self):
        return [sys.executable, os.path.join(ROOT, "scripts", "lablib", "relay.py"), self.box.netns_path,
                f"127.0.0.1:{self.lab.port}", f"127.0.0.1:{API_PORT}"]

    def start(self):
        if not self.process.pid():
            self.process.start(self.command(), self.log, self.cgroup())

    def problem(self):
        import ssl
        context = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{self.lab.port}/readyz", timeout=2, context=context) as got:
                return None if got.status == 200 else f"/readyz answers {got.status}"
        except (OSError, ValueError) as err:
            return f"/readyz: {err}"


class Spreader(Part):
    """Binds pods without a node, round robin."""

    name = "spreader"

    def command(self):
        return [sys.executable, os.path.join(ROOT, "scripts", "lab-runner"), "spread",
                "--kubeconfig", self.box.path("spreader.kubeconfig")]


class Bird(Part):
    name = "bird"

    def command(self):
        again = ["-R"] if os.path.exists(self.box.path("bird", "started")) else []
        return ["/usr/sbin/bird", "-f", "-c", self.box.path("bird", "bird.conf"), "-s", self.box.path("bird", "bird.ctl"),
                "-P", self.box.path("bird", "bird.pid"), *again]

    def start(self):
        super().start()
        config.write(self.box.path("bird", "started"), "")

    def ask(self, question):
        """The answer of BIRD's control socket, codes left out."""
        lines = []
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(self.box.path("bird", "bird.ctl"))
            stream = s.makefile("rw")
            stream.readline()
            stream.write(question + "\n")
            stream.flush()
            for line in stream:
                lines.append(line[5:] if line[:4].isdigit() else line[1:])
                if line[:4].isdigit() and line[4] == " ":
                    break
        return "".join(lines)

    def problem(self):
        try:
            down = [line.split()[0] for line in self.ask("show protocols").splitlines()
                    if " BGP " in line and "Established" not in line]
        except OSError as err:
            return f"its control socket: {err}"
        return "no session with " + ", ".join(down) if down else None

    def wait(self):
        wait_until(self.id, lambda: os.path.exists(self.box.path("bird", "bird.ctl")), self.process, self.log)


class Agent(Part):
    name = "beelined"

    def command(self):
        return [self.lab.program("beelined"), "--config", self.box.path("beelined.yaml")]

    def problem(self):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.box.socket)
        except OSError as err:
            return f"its socket: {err}"
        return None if os.path.exists(self.box.conflist) else "the node takes no pods: no CNI configuration yet"


class Runner(Part):
    name = "runner"

    def command(self):
        node, lab = self.box, self.lab
        return [sys.executable, os.path.join(ROOT, "scripts", "lab-runner"), "node", "--name", node.name,
                "--kubeconfig", node.path("runner.kubeconfig"), "--address", node.addresses[0], "--address",
                node.addresses[1], "--dir", node.path("pods"), "--netns-prefix", node.netns + "-", "--netns-record",
                os.path.join(lab.record_dir, "netns"), "--cgroup", os.path.join(node.cgroup, "pods"), "--cni-conf",
                node.conflist, "--cni-path", lab.cni_path,
                "--path", os.path.join(ROOT, "tests", "lab", "bin") + ":" + lab.bin_dir]


def parts(lab):
    """All of them, in the order in which they start."""
    found = [ControlPlane(lab.ctl), Relay(lab.ctl), Bird(lab.fabric)]
    found += [Bird(node) for node in lab.nodes if lab.routing != "direct"]
    found += [Agent(node) for node in lab.nodes]
    found += [Runner(node) for node in lab.nodes]
    return found + [Spreader(lab.ctl)]


def part(lab, name):
    known = parts(lab)
    for one in known:
        if one.id == name:
            return one
    raise LabError(f"lab '{lab.name}' has no part '{name}': " + " ".join(one.id for one in known))
