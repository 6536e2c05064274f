# SPDX-License-Identifier: Apache-2.0
"""beeline as a candidate: control plane, agent and CNI plugin of this tree, in a lab of two nodes.

    node1    the client's and the server's pod, attached by beeline-cni; its agent programs what the benches measure
    node2    no pod; its agent runs only while a full sync is measured: started with empty maps when the API server holds all
             Services, it reports how long it took from the last list's last object until the kernel held everything

Services and EndpointSlices go over the API. Their two live endpoints are the server's pod on two ports.
"""
import asyncio
import atexit
import json
import os
import time

from run import agentstatus, scheme, world
from run.base import Candidate, TooSlow, Unavailable
from run.load import Loader, render

from lablib import build
from lablib.cli import programs
from lablib.kube import Api
from lablib.parts import part
from lablib.plan import API_PORT, Lab
from lablib.system import remove_tree, wait_until

SERVICES = f"/api/v1/namespaces/{scheme.NAMESPACE}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{scheme.NAMESPACE}/endpointslices"
PODS = f"/api/v1/namespaces/{scheme.NAMESPACE}/pods"
MERGE = "application/merge-patch+json"
DEFAULT_ROOM = 10000  # so many Services fit the maps' default sizes
MAP_SIZES = {"service4": 262144, "service6": 262144, "slot": 524288, "backend": 262144, "service_meta": 131072}


# --- objects --------------------------------------------------------------------------------------------------------------


def service_object(one):
    ports = [{"name": scheme.PORT_NAME[p], "port": scheme.PORT, "protocol": p.upper(), "targetPort": scheme.SERVER_PORTS[0]}
             for p in one.protos]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": one.name},
            "spec": {"clusterIP": one.address, "ipFamilies": [f"IPv{one.family}"], "ports": ports}}


def slice_objects(one, endpoints):
    """One slice for each port number, as the endpointslice controller makes them."""
    found = []
    for port in sorted({port for _, port in endpoints}):
        ends = [{"addresses": [address], "conditions": {"ready": True, "serving": True}, "nodeName": "node1"}
                for address, at in endpoints if at == port]
        ports = [{"name": scheme.PORT_NAME[p], "port": port, "protocol": p.upper()} for p in one.protos]
        found.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {
            "name": f"{one.name}-{port}", "labels": {"kubernetes.io/service-name": one.name}},
            "addressType": f"IPv{one.family}", "ports": ports, "endpoints": ends})
    return found


def create_requests(one, live):
    yield render("POST", SERVICES, service_object(one))
    for body in slice_objects(one, one.endpoints(live)):
        yield render("POST", SLICES, body)


def delete_requests(one, live):
    yield render("DELETE", f"{SERVICES}/{one.name}")
    for body in slice_objects(one, one.endpoints(live)):
        yield render("DELETE", f"{SLICES}/{body['metadata']['name']}")


def transition(have, want, family, live):
    """(requests to send first, requests to send then) that lead from `have` Services to `want`."""
    add, anew, remove = scheme.difference(have, want)
    first = (r for i in anew + remove for r in delete_requests(scheme.service(i, have, family), live))
    then = (r for i in anew + add for r in create_requests(scheme.service(i, want, family), live))
    return first, then


def change_request(one, live, changed):
    """The patch of the slice that holds a Service's second endpoint."""
    endpoints = one.changed(live) if changed else one.endpoints(live)
    body = next(s for s in slice_objects(one, endpoints) if s["metadata"]["name"] == f"{one.name}-{endpoints[1][1]}")
    return render("PATCH", f"{SLICES}/{body['metadata']['name']}", {"endpoints": body["endpoints"]}, MERGE)


def pod_object(name):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "nodeName": "node1", "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": "beeline.test/any", "command": ["sleep", "infinity"]}]}}


# --- the candidate --------------------------------------------------------------------------------------------------------


class Beeline(Candidate):
    name = "beeline"

    def __init__(self, family=4):
        super().__init__(family)
        self.lab, self.changed = None, set()

    def up(self):
        if not os.access(os.path.join(programs(), "beelined"), os.X_OK):
            raise Unavailable(f"{programs()} lacks beelined: run make")
        self.lab = Lab(f"bench{os.getpid()}", 2, "direct", bin_dir=programs())
        atexit.register(self.down)
        try:
            build.up(self.lab, lambda step: None)
            self.agent, self.syncing = part(self.lab, "node1/beelined"), part(self.lab, "node2/beelined")
            self.syncing.process.stop()
            self.set_map_sizes()
            self.loader = Loader(self.lab.kubeconfig, self.lab.ctl.netns_path, API_PORT)
            asyncio.run(self.make_pods())
            self.node_ns = self.lab.node("node1").netns
            self.base = self.status()["services"]
        except BaseException:
            self.down()
            raise

    def set_map_sizes(self):
        """More room than the defaults, where more is to be programmed."""
        if self.room <= DEFAULT_ROOM:
            return
        self.agent.process.stop()
        for one in (self.agent, self.syncing):
            with open(one.box.path("beelined.yaml"), "a") as f:
                f.write("maps:\n" + "".join(f"  {name}: {size}\n" for name, size in MAP_SIZES.items()))
        self.agent.start()
        self.agent.wait()

    async def make_pods(self):
        api = Api(self.lab.kubeconfig)
        for name in ("client", "server"):
            await api.post(PODS, pod_object(name))
        for name in ("client", "server"):
            pod = await self.pod_ready(api, name)
            with open(self.lab.node("node1").path("pods", f"{scheme.NAMESPACE}_{name}.json")) as f:
                place = json.load(f)
            setattr(self, f"{name}_ns", os.path.basename(place["netns"]))
            setattr(self, f"{name}_cgroup", place["cgroup"])
            if name == "server":
                ips = [ip["ip"] for ip in pod["status"]["podIPs"]]
                self.server_ips = {4: next(ip for ip in ips if ":" not in ip), 6: next(ip for ip in ips if ":" in ip)}
            world.set_up_pod(os.path.basename(place["netns"]))

    async def pod_ready(self, api, name, seconds=30):
        found, done = {}, asyncio.Event()

        def look(kind, pod):
            if any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", [])):
                found.update(pod)
                done.set()

        watch = asyncio.create_task(api.follow(PODS, lambda pods: [look("", pod) for pod in pods], look,
                                               fieldSelector=f"metadata.name={name}"))
        try:
            await asyncio.wait_for(done.wait(), seconds)
        finally:
            watch.cancel()
        return found

    def take_away(self):
        atexit.unregister(self.down)
        if self.lab:
            build.down(self.lab.name)
            self.lab = None

    def server_address(self, family=None):
        return self.server_ips[family or self.family]

    # --- Services -------------------------------------------------------------------------------------------------------

    def status(self, box=None):
        return agentstatus.ask((box or self.agent.box).socket, "status")

    def program(self, n, limit_s):
        """The limit is the agents': what the API server needs to take the objects is not counted."""
        live = self.live_endpoints()
        for index in sorted(self.changed):
            self.change(index)
        first, then = transition(self.programmed, n, self.family, live)
        self.loader.send(first)
        self.loader.send(then)
        self.programmed, began = n, time.monotonic()
        self.wait_programmed(limit_s - (time.monotonic() - began), limit_s)
        return self.full_sync(limit_s - (time.monotonic() - began), limit_s)

    def wait_programmed(self, left, limit):
        end = time.monotonic() + left

        def ready():
            if time.monotonic() > end:
                raise TooSlow(limit - left + time.monotonic() - (end - left), limit)
            s = self.status()
            if s["failed"]:
                raise OSError(f"{s['failed'][0]['object']}: {s['failed'][0]['error']}")
            return s["services"] == self.base + self.programmed and not s["dirty"]

        wait_until("beelined", ready, self.agent.process, self.agent.log, left + 10)

    def full_sync(self, left, limit):
        """An agent with empty maps, from the last list's end until its kernel holds everything."""
        one = self.syncing
        for path in os.listdir(one.box.bpf_dir):
            remove_tree(os.path.join(one.box.bpf_dir, path))
        one.start()
        try:
            told = self.synced(one, max(left, 10))
        finally:
            one.process.stop()
        if told["services"] != self.base + self.programmed or told["map_writes"] < self.programmed:
            raise OSError(f"the agent's full sync was of {told['services']} Services and {told['map_writes']} entries")
        return told["ns"] / 1e9

    def synced(self, one, seconds):
        """What an agent that has been started says of its full sync, when that is over."""
        found = {}

        def ready():
            try:
                found.update(self.status(one.box))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            return found["full_sync"] is not None

        wait_until("the full sync", ready, one.process, one.log, seconds)
        return found["full_sync"]

    def resync(self, limit_s=300):
        """The agent, started anew over maps that hold everything: seconds until it knows that they do."""
        self.agent.process.stop()
        self.agent.start()
        return self.synced(self.agent, limit_s)["ns"] / 1e9

    def clear(self):
        self.program(0, 300)

    def change(self, index):
        one = scheme.service(index, self.programmed, self.family)
        before = self.status()
        self.changed ^= {index}
        self.loader.send([change_request(one, self.live_endpoints(), index in self.changed)])
        after = {}

        def ready():
            after.update(self.status())
            return after["map_writes"] > before["map_writes"] and not after["dirty"]

        wait_until("the change", ready, self.agent.process, self.agent.log)
        return after["last_change_ns"] / 1e9

    def memory(self):
        pid = self.agent.process.pid()
        return {"agent_rss": agentstatus.resident(pid), "kernel": agentstatus.bpf_memory(pid),
                "source": "VmRSS of beelined; memlock of its BPF maps and programs (fdinfo)"}
