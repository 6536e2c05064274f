# SPDX-License-Identifier: Apache-2.0
"""The real kube-proxy, where KUBE_PROXY=path gives its binary: against the embedded control plane, one candidate a mode.

The routed topology; control plane and kube-proxy run on the node, in its namespace, and find each other on 127.0.0.1. Services and
EndpointSlices go over the API as they do for beeline. What a sync takes is what kube-proxy says of itself (its metrics): a full sync
is its first one, started with no rules and all Services there; a change is its next partial sync.
"""
import atexit
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

from run import agentstatus, scheme, world
from run.base import Candidate, Routed, TooSlow, Unavailable
from run.beeline import change_request, transition
from run.load import Loader, in_namespace, render

from lablib.cli import programs
from lablib.system import wait_until

API_PORT = 6443
NODE_IP = {4: "192.0.2.1", 6: "2001:db8::1"}
METRICS = "http://127.0.0.1:10249/metrics"
MODES = ("iptables", "nftables", "ipvs")


def binary():
    return os.environ.get("KUBE_PROXY", "")


def parse_metrics(text):
    """Values by name, summed over labels (an IP family each)."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{[^}]*\})? (\S+)", line)
        if match:
            found[match[1]] = found.get(match[1], 0.0) + float(match[2])
    return found


def sync_seconds(metrics, kind):
    """(how many syncs of a kind there were, their seconds in all); `kind` is "full" or "partial"."""
    name = f"kubeproxy_sync_{kind}_proxy_rules_duration_seconds"
    return metrics.get(name + "_count", 0.0), metrics.get(name + "_sum", 0.0)


def settled(metrics):
    """Whether kube-proxy has written whatever it knows."""
    return not metrics.get("kubeproxy_sync_proxy_rules_service_changes_pending", 1) and \
        not metrics.get("kubeproxy_sync_proxy_rules_endpoint_changes_pending", 1) and \
        metrics.get("kubeproxy_sync_proxy_rules_last_timestamp_seconds", 0) >= \
        metrics.get("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", 0)


class Child:
    """A program that runs until stop(), at the latest until this process ends."""

    def __init__(self, command, log):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        atexit.register(self.stop)

    def pid(self):
        return self.process.pid if self.process.poll() is None else None

    def stop(self):
        atexit.unregister(self.stop)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class KubeProxy(Routed):
    mode = None
    proxies = True

    def __init__(self, family=4):
        super().__init__(family)
        self.changed, self.dir, self.plane, self.proxy = set(), None, None, None

    def up(self):
        if not os.access(binary(), os.X_OK):
            raise Unavailable("KUBE_PROXY names no program")
        if self.mode == "ipvs" and not os.path.exists("/proc/net/ip_vs"):
            raise Unavailable("the kernel has no IPVS")
        super().up()
        try:
            self.dir = tempfile.mkdtemp(prefix=f"blb{os.getpid()}-")
            atexit.register(shutil.rmtree, self.dir, True)
            world.ip_batch(self.node_ns, [f"addr add {NODE_IP[4]}/32 dev lo", f"addr add {NODE_IP[6]}/128 dev lo nodad"])
            self.start_plane()
            self.start_proxy()
            wait_until("kube-proxy", self.answers, self.proxy, self.proxy.log, 60)
        except BaseException:
            self.down()
            raise

    def start_plane(self):
        data = os.path.join(self.dir, "data")
        self.plane = Child(self.node(os.path.join(programs(), "beeline-controlplane"), "--data-dir", data, "--listen",
                                     f"127.0.0.1:{API_PORT}", "--controllers", "none", "--service-cidr",
                                     ",".join(scheme.SERVICE_CIDRS.values()), "--cluster-cidr",
                                     ",".join(scheme.CLUSTER_CIDRS.values())), os.path.join(self.dir, "plane.log"))
        self.kubeconfig = os.path.join(data, "admin.kubeconfig")
        wait_until("the control plane", lambda: os.path.exists(self.kubeconfig), self.plane, self.plane.log)
        world.wait_listening(self.plane.process, [API_PORT])
        self.loader = Loader(self.kubeconfig, world.path(self.node_ns), API_PORT)
        self.loader.send([render("POST", "/api/v1/nodes", {"metadata": {"name": "node1"}})])
        status = {"status": {"addresses": [{"type": "InternalIP", "address": ip} for ip in NODE_IP.values()]}}
        self.loader.send([render("PATCH", "/api/v1/nodes/node1/status", status, "application/merge-patch+json")])

    def command(self, *more):
        return self.node(binary(), "--kubeconfig", self.kubeconfig, "--proxy-mode", self.mode, "--hostname-override", "node1",
                         "--cluster-cidr", ",".join(scheme.CLUSTER_CIDRS.values()), "--metrics-bind-address",
                         "127.0.0.1:10249", "--healthz-bind-address", "127.0.0.1:10256", *more)

    def start_proxy(self):
        self.proxy = Child(self.command(), os.path.join(self.dir, "proxy.log"))

    def take_away(self):
        for child in (self.proxy, self.plane):
            if child:
                child.stop()
        self.proxy = self.plane = None
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None
        return super().take_away()

    # --- Services -------------------------------------------------------------------------------------------------------

    def service(self, index, proto="tcp"):
        return Candidate.service(self, index, proto)

    def metrics(self):
        def get():
            with urllib.request.urlopen(METRICS, timeout=10) as answer:
                return answer.read().decode()

        return parse_metrics(in_namespace(world.path(self.node_ns), get))

    def answers(self):
        try:
            return bool(self.metrics())
        except OSError:
            return False

    def program(self, n, limit_s):
        """Everything over the API while kube-proxy is away, then its first sync without any rule."""
        self.proxy.stop()
        cleaned = subprocess.run(self.command("--cleanup"), capture_output=True, text=True)
        if cleaned.returncode:
            raise OSError(f"kube-proxy --cleanup: {cleaned.stderr.strip()[-300:]}")
        for requests in transition(self.programmed, n, self.family, self.live_endpoints()):
            self.loader.send(requests)
        self.programmed, self.changed = n, set()
        began = time.monotonic()
        self.start_proxy()
        return self.wait_synced("full", 0, 0.0, began, limit_s)

    def wait_synced(self, kind, count, seconds, began, limit_s):
        """Until there was a further sync of a kind and nothing is left to write; what those syncs took."""
        found = {}

        def ready():
            if time.monotonic() - began > limit_s:
                raise TooSlow(time.monotonic() - began, limit_s)
            if not self.answers():
                return False
            found.update(self.metrics())
            return sync_seconds(found, kind)[0] > count and settled(found)

        wait_until("kube-proxy", ready, self.proxy, self.proxy.log, limit_s + 10)
        return sync_seconds(found, kind)[1] - seconds

    def clear(self):
        self.program(0, 600)

    def change(self, index):
        one, live = scheme.service(index, self.programmed, self.family), self.live_endpoints()
        count, seconds = sync_seconds(self.metrics(), "partial")
        self.changed ^= {index}
        self.loader.send([change_request(one, live, index in self.changed)])
        return self.wait_synced("partial", count, seconds, time.monotonic(), 120)

    def memory(self):
        return {"agent_rss": agentstatus.resident(self.proxy.process.pid), "kernel": None, "source": "VmRSS of kube-proxy"}

    def rest(self):
        world.flush_conntrack(self.node_ns)


def _kind(mode):
    return type(f"KubeProxy{mode.capitalize()}", (KubeProxy,), {"name": f"kube-proxy-{mode}", "mode": mode})


KUBE_PROXIES = tuple(_kind(mode) for mode in MODES)
