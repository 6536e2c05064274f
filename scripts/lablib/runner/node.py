# SPDX-License-Identifier: Apache-2.0
"""One node: its Node object and Lease, and the pods that are bound to it."""
import asyncio
import ctypes
import os
import platform

from ..kube import Api, ApiError
from .cni import Cni
from .container import now
from .pod import Pod, destroy, leftovers

IN_CLOSE_WRITE, IN_MOVED_TO, IN_DELETE = 0x8, 0x80, 0x200
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
LEASE_SECONDS = 10  # Node leases renew every 10 s and expire after 40 s


def watch_folder(path, changed):
    """Calls changed() after files came to a folder or went (inotify)."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    if fd < 0 or libc.inotify_add_watch(fd, path.encode(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)

    def readable():
        os.read(fd, 65536)
        changed()

    asyncio.get_running_loop().add_reader(fd, readable)


class Node:
    def __init__(self, args):
        self.name, self.addresses, self.dir = args.name, args.address, args.dir
        self.netns_prefix, self.netns_record, self.cgroup = args.netns_prefix, args.netns_record, args.cgroup
        self.own_netns = "/run/netns/" + args.netns_prefix.rstrip("-")
        self.search = args.path
        self.api, self.cni = Api(args.kubeconfig), Cni(args.cni_conf, args.cni_path)
        self.pods = {}  # uid -> Pod
        self.network = asyncio.Event()
        self.status_dirty = asyncio.Event()
        self.ready_since = now()

    # --- pods -----------------------------------------------------------------------------------------------------------

    def on_pod(self, kind, pod):
        uid, known = pod["metadata"]["uid"], self.pods.get(pod["metadata"]["uid"])
        if kind == "DELETED":
            if known:
                known.vanished()
        elif known:
            known.update(pod)
        elif pod.get("status", {}).get("phase") not in ("Succeeded", "Failed") or pod["metadata"].get("deletionTimestamp"):
            print(f"{pod['metadata']['namespace']}/{pod['metadata']['name']} comes", flush=True)
            self.pods[uid] = Pod(self, pod)
            self.pods[uid].update(pod)

    def on_pods(self, pods):
        here = {pod["metadata"]["uid"] for pod in pods}
        for uid, pod in self.pods.items():
            if uid not in here:
                pod.vanished()
        for pod in pods:
            self.on_pod("ADDED", pod)

    def forget(self, pod):
        self.pods.pop(pod.sandbox.uid, None)

    async def network_ready(self):
        await self.network.wait()

    def look_at_network(self):
        before = self.network.is_set()
        (self.network.set if self.cni.configured() else self.network.clear)()
        if before != self.network.is_set():
            self.ready_since = now()
            self.status_dirty.set()

    # --- the Node object ------------------------------------------------------------------------------------------------

    def status(self):
        ready = self.network.is_set()
        fine = {"status": "False", "lastTransitionTime": self.ready_since, "lastHeartbeatTime": now()}
        conditions = [{"type": kind, "reason": f"Kubelet{why}", "message": f"runner {why}", **fine} for kind, why in (
            ("MemoryPressure", "HasSufficientMemory"), ("DiskPressure", "HasNoDiskPressure"),
            ("PIDPressure", "HasSufficientPID"))]
        conditions.append({**fine, "type": "Ready", "status": "True" if ready else "False",
                           "reason": "KubeletReady" if ready else "KubeletNotReady",
                           "message": "the runner takes pods" if ready else "no CNI configuration yet"})
        room = {"cpu": str(os.cpu_count()), "memory": "16Gi", "pods": "250"}
        info = {"machineID": self.name, "systemUUID": self.name, "bootID": self.name, "kernelVersion": platform.release(),
                "osImage": "Debian GNU/Linux", "containerRuntimeVersion": "processes://1", "kubeletVersion": "beeline-lab",
                "kubeProxyVersion": "", "operatingSystem": "linux",
                "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())}
        addresses = [{"type": "InternalIP", "address": a} for a in self.addresses]
        return {"addresses": addresses + [{"type": "Hostname", "address": self.name}], "conditions": conditions,
                "capacity": room, "allocatable": room, "nodeInfo": info}

    async def register(self):
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux",
                  "kubernetes.io/arch": self.status()["nodeInfo"]["architecture"]}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": labels}}
        try:
            await self.api.post("/api/v1/nodes", node)
        except ApiError as err:
            if err.code != 409:
                raise

    async def renew(self):
        """The lease says that the node lives."""
        spec = {"holderIdentity": self.name, "leaseDurationSeconds": 40,
                "renewTime": now().replace("Z", ".000000Z")}
        try:
            await self.api.patch(f"{LEASES}/{self.name}", {"spec": spec})
        except ApiError as err:
            if err.code != 404:
                raise
            await self.make_lease(spec)

    async def make_lease(self, spec):
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-node-lease"}}
        try:
            await self.api.post("/api/v1/namespaces", space)
        except ApiError as err:
            if err.code != 409:
                raise
        await self.api.post(LEASES, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                                     "metadata": {"name": self.name, "namespace": "kube-node-lease"}, "spec": spec})

    async def stay(self):
        """Registers, then keeps status and lease fresh, whatever the API server does."""
        registered = False
        while True:
            try:
                if not registered:
                    await self.register()
                    registered = True
                self.status_dirty.clear()
                await self.api.patch(f"/api/v1/nodes/{self.name}/status", {"status": self.status()})
                await self.renew()
                wait = LEASE_SECONDS
            except (ApiError, OSError) as err:
                print(f"node: {err}", flush=True)
                registered, wait = registered and getattr(err, "code", 0) != 404, 1
            try:
                await asyncio.wait_for(self.status_dirty.wait(), wait)
            except asyncio.TimeoutError:
                pass


async def main(args):
    node = Node(args)
    watch_folder(os.path.dirname(args.cni_conf), node.look_at_network)
    node.look_at_network()
    for sandbox in leftovers(node):
        await destroy(node, sandbox)
    await asyncio.gather(node.stay(), node.api.follow("/api/v1/pods", node.on_pods, node.on_pod,
                                                      fieldSelector=f"spec.nodeName={node.name}"))
