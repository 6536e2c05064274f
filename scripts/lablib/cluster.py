# SPDX-License-Identifier: Apache-2.0
"""A lab seen by who uses it: kubectl, and commands run in pods, on nodes and outside. For the demo and the tests."""
import contextlib
import json
import os
import subprocess
import threading

from .plan import TOOLS, LabError
from .system import in_cgroup, inside


class Place:
    """Where a command can run: a pod, a node, the client, the fabric."""

    def __init__(self, name, netns, cgroup, env=None):
        self.name, self.netns, self.cgroup = name, netns, cgroup
        self.env = {**os.environ, "PATH": TOOLS + ":" + os.environ["PATH"], **(env or {})}

    def command(self, *command, per_packet=False):
        command = inside(self.netns, *command)
        return command if per_packet else in_cgroup(self.cgroup, *command)

    def run(self, *command, per_packet=False, text=None):
        """The finished command, whatever its exit status."""
        return subprocess.run(self.command(*command, per_packet=per_packet), capture_output=True, text=True,
                              env=self.env, input=text)

    def start(self, *command, per_packet=False, **options):
        return subprocess.Popen(self.command(*command, per_packet=per_packet), text=True, env=self.env, **options)

    def ask(self, host, port, *options, count=1, per_packet=False):
        """The answers of a whoami as [(server's name, client's address it saw)]; a failure is ("error", why)."""
        done = self.run("ask", *options, "--count", str(count), host, str(port), per_packet=per_packet)
        if done.returncode and "error:" not in done.stdout:
            raise LabError(f"ask {host} {port} on {self.name}: {done.stderr.strip()}")
        return [("error", line[7:]) if line.startswith("error: ") else tuple(line.split()[:2])
                for line in done.stdout.splitlines()]


class Pod(Place):
    """A running pod: where it is, its addresses, and its place for commands."""

    def __init__(self, cluster, item):
        meta = item["metadata"]
        self.namespace, self.pod, self.node = meta["namespace"], meta["name"], item["spec"].get("nodeName")
        self.ips = [ip["ip"] for ip in item["status"].get("podIPs", [])]
        self.v4 = next((ip for ip in self.ips if ":" not in ip), None)
        self.v6 = next((ip for ip in self.ips if ":" in ip), None)
        self.labels, self.item = meta.get("labels", {}), item
        record = {"netns": None, "cgroup": None}
        if self.node:
            try:
                with open(cluster.lab.node(self.node).path("pods", f"{self.namespace}_{self.pod}.json")) as f:
                    record = json.load(f)
            except FileNotFoundError:
                pass
        super().__init__(f"{self.namespace}/{self.pod}", record["netns"], record["cgroup"], {"HOSTNAME": self.pod})


class Cluster:
    def __init__(self, lab):
        self.lab = lab
        self.env = {**os.environ, "KUBECONFIG": lab.kubeconfig}

    # --- kubectl --------------------------------------------------------------------------------------------------------

    def try_kubectl(self, *args, text=None):
        return subprocess.run(["kubectl", *args], capture_output=True, text=True, env=self.env, input=text)

    def kubectl(self, *args, text=None):
        done = self.try_kubectl(*args, text=text)
        if done.returncode:
            raise LabError(f"kubectl {' '.join(args)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def get(self, *args):
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def apply(self, text, namespace=None):
        self.kubectl("apply", *(["-n", namespace] if namespace else []), "-f", "-", text=text)

    @contextlib.contextmanager
    def watch(self, *args, seconds=60):
        """The lines of a `kubectl get -w` that runs meanwhile; they end with a LabError after so many seconds."""
        process = subprocess.Popen(["kubectl", "get", *args, "-w", "--no-headers"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, env=self.env)
        timer = threading.Timer(seconds, process.kill)
        timer.start()

        def lines():
            yield from process.stdout
            raise LabError(f"kubectl get {' '.join(args)} -w: not seen within {seconds} s")

        try:
            yield lines()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()

    # --- places ---------------------------------------------------------------------------------------------------------

    def pods(self, namespace, selector=""):
        found = self.get("pods", "-n", namespace, *(["-l", selector] if selector else []))["items"]
        return [Pod(self, item) for item in found]

    def pod(self, namespace, name):
        return Pod(self, self.get("pod", "-n", namespace, name))

    def node(self, name):
        node = self.lab.node(name)
        return Place(name, node.netns_path, node.host_cgroup,
                     {"BEELINE_SOCKET": node.socket, "PATH": f"{TOOLS}:{self.lab.bin_dir}:{os.environ['PATH']}"})

    def client(self):
        return Place("client", self.lab.client.netns_path, self.lab.client.cgroup)

    def fabric(self):
        return Place("fabric", self.lab.fabric.netns_path, self.lab.fabric.cgroup)

    # --- waiting --------------------------------------------------------------------------------------------------------

    def wait_ready(self, namespace, *what, seconds=60):
        self.kubectl("wait", "-n", namespace, "--for=condition=Ready", f"--timeout={seconds}s",
                     *(what or ("pod", "--all")))

    def beeline(self, node, *args):
        """The command line on a node; fails with what it says."""
        done = subprocess.run([self.lab.program("beeline"), "--socket", self.lab.node(node).socket, *args],
                              capture_output=True, text=True)
        if done.returncode:
            raise LabError(f"beeline {' '.join(args)} on {node}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def wait_programmed(self, namespace, name, backends=None, seconds=30):
        """Until every node's kernel holds the Service, with so many backends."""
        more = [] if backends is None else ["--backends", str(backends)]
        for node in self.lab.nodes:
            self.beeline(node.name, "wait", "--programmed", f"svc/{namespace}/{name}", *more, "--timeout", str(seconds))

    def service_addresses(self, namespace, name):
        return self.get("service", "-n", namespace, name)["spec"]["clusterIPs"]
