# SPDX-License-Identifier: Apache-2.0
"""One pod on this node: from its binding to its removal from the API.

A sandbox (network namespace and cgroup) comes first and gets its addresses through CNI; then the containers run, and every
change of theirs becomes a write of the pod's status. Deletion goes the other way: SIGTERM, the grace period, then
everything at once.
"""
import asyncio
import json
import os

from .. import system
from ..kube import ApiError, pod_path
from .cni import CniError
from .container import Container, now


class Sandbox:
    """What a pod's containers share."""

    def __init__(self, node, pod):
        meta = pod["metadata"]
        self.namespace, self.name, self.uid = meta["namespace"], meta["name"], meta["uid"]
        self.host = bool(pod["spec"].get("hostNetwork"))
        self.id = self.uid.replace("-", "") + os.urandom(4).hex()
        self.netns_name = node.netns_prefix + self.id[:8] + self.id[-8:]
        self.netns = node.own_netns if self.host else "/run/netns/" + self.netns_name
        self.cgroup = os.path.join(node.cgroup, self.uid)
        self.dir = os.path.join(node.dir, f"{self.namespace}_{self.name}")
        self.record = self.dir + ".json"
        self.search = node.search
        self.addresses = list(node.addresses) if self.host else []

    def save(self):
        keys = ("namespace", "name", "uid", "id", "netns", "netns_name", "cgroup", "host")
        system_path = {**{key: getattr(self, key) for key in keys}, "path": self.search}
        with open(self.record, "w") as f:
            json.dump(system_path, f)


async def make_namespace(sandbox, record):
    with open(os.path.join(record, sandbox.netns_name), "w"):
        pass
    await asyncio.to_thread(system.run, "ip", "netns", "add", sandbox.netns_name)
    await asyncio.to_thread(system.ip, sandbox.netns_name, "link", "set", "lo", "up")


async def destroy(node, sandbox):
    """Ends a sandbox's processes, gives its addresses back, and removes what it was. Repeats until CNI lets go."""
    await asyncio.to_thread(system.kill_cgroup, sandbox.cgroup)
    wait = 0.5
    while not sandbox.host and os.path.exists(sandbox.netns):
        try:
            await node.cni.delete(sandbox)
            await asyncio.to_thread(system.run, "ip", "netns", "del", sandbox.netns_name)
            os.unlink(os.path.join(node.netns_record, sandbox.netns_name))
        except CniError as err:
            print(f"{sandbox.namespace}/{sandbox.name}: {err}", flush=True)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5)
    await asyncio.to_thread(system.remove_cgroup, sandbox.cgroup)
    if os.path.exists(sandbox.record):
        os.unlink(sandbox.record)


class Pod:
    """The life of one pod, as a task; `update` tells it what the API says."""

    def __init__(self, node, pod):
        self.node, self.object = node, pod
        self.sandbox = Sandbox(node, pod)
        self.trouble, self.init_done = None, False
        self.dirty, self.going = asyncio.Event(), asyncio.Event()
        self.grace, self.gone = 30, False
        spec = pod["spec"]
        self.init = [Container(c, pod, self.sandbox, self.dirty.set) for c in spec.get("initContainers", [])]
        self.containers = [Container(c, pod, self.sandbox, self.dirty.set) for c in spec["containers"]]
        self.conditions = {}
        self.task = asyncio.create_task(self.live())

    def update(self, pod):
        self.object["metadata"] = pod["metadata"]
        if pod["metadata"].get("deletionTimestamp"):
            self.grace = pod["metadata"].get("deletionGracePeriodSeconds", 30)
            self.going.set()

    def vanished(self):
        """The API forgot the pod (deleted by force): no grace, nobody to tell."""
        self.gone, self.grace = True, 0
        self.going.set()

    async def live(self):
        name = f"{self.sandbox.namespace}/{self.sandbox.name}"
        writer = asyncio.create_task(self.write_status())
        work = asyncio.create_task(self.work())
        try:
            await self.going.wait()
            print(f"{name} ends", flush=True)
            await self.end(work)
        except (system.LabError, OSError) as err:
            print(f"{name}: {err}", flush=True)
        writer.cancel()
        if not self.gone:
            await self.remove_from_api()
        self.node.forget(self)

    # --- start ----------------------------------------------------------------------------------------------------------

    async def work(self):
        policy = self.object["spec"].get("restartPolicy", "Always")
        try:
            await self.attach()
            self.dirty.set()
            for container in self.init:
                while await container.once() and policy != "Never":
                    container.restarts += 1
                    if await container.stopped_within(min(10 * container.restarts, 300)):
                        return
                if container.exit_code():
                    return
            self.init_done = True
            await asyncio.gather(*[container.run(policy) for container in self.containers])
        except (system.LabError, OSError) as err:
            self.trouble = str(err)
            self.dirty.set()

    async def attach(self):
        """Namespace, cgroup and addresses; waits for a network that is not ready yet, as long as it takes."""
        os.makedirs(self.sandbox.cgroup, exist_ok=True)
        os.makedirs(self.sandbox.dir, exist_ok=True)
        if not self.sandbox.host:
            await self.node.network_ready()
            await make_namespace(self.sandbox, self.node.netns_record)
        self.sandbox.save()
        wait = 0.2
        while not self.sandbox.host:
            try:
                self.sandbox.addresses = await self.node.cni.add(self.sandbox)
                break
            except CniError as err:
                self.trouble = str(err)
                self.dirty.set()
                print(f"{self.sandbox.namespace}/{self.sandbox.name}: {err}", flush=True)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)
        self.trouble = None
        self.object["status"] = {"podIP": self.sandbox.addresses[0], "hostIP": self.node.addresses[0],
                                 "podIPs": [{"ip": ip} for ip in self.sandbox.addresses]}

    # --- end ------------------------------------------------------------------------------------------------------------

    async def end(self, work):
        for container in self.init + self.containers:
            container.terminate()
        attached = bool(self.sandbox.addresses)
        if attached and self.grace:
            await asyncio.wait([work], timeout=self.grace)
        work.cancel()
        await asyncio.wait([work])
        await destroy(self.node, self.sandbox)

    async def remove_from_api(self):
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
                "preconditions": {"uid": self.sandbox.uid}}
        while True:
            try:
                path = pod_path(self.sandbox.namespace, self.sandbox.name)
                return await self.node.api.request("DELETE", path, body)
            except ApiError as err:
                if err.code not in (404, 409):
                    print(f"{self.sandbox.namespace}/{self.sandbox.name}: {err}", flush=True)
                return None
            except OSError:
                await asyncio.sleep(1)

    # --- status ---------------------------------------------------------------------------------------------------------

    def phase(self):
        if not self.sandbox.addresses or not self.init_done:
            failed = any(c.exit_code() for c in self.init)
            return "Failed" if failed and self.object["spec"].get("restartPolicy") == "Never" else "Pending"
        policy = self.object["spec"].get("restartPolicy", "Always")
        codes = [container.exit_code() for container in self.containers]
        if any(code is None for code in codes) or (policy == "Always" and not self.going.is_set()):
            return "Running" if all(c.ran for c in self.containers) else "Pending"
        if policy == "OnFailure" and any(codes) and not self.going.is_set():
            return "Running"
        return "Failed" if any(codes) else "Succeeded"

    def condition(self, kind, true, **more):
        status = "True" if true else "False"
        known = self.conditions.get(kind)
        since = known["lastTransitionTime"] if known and known["status"] == status else now()
        self.conditions[kind] = {"type": kind, "status": status, "lastTransitionTime": since, **more}

    def status(self):
        ready = bool(self.containers) and all(c.ready for c in self.containers)
        waiting = {} if ready else {"reason": "ContainersNotReady"}
        network = {"reason": "NetworkNotReady", "message": self.trouble} if self.trouble else {}
        self.condition("PodScheduled", True)
        self.condition("PodReadyToStartContainers", bool(self.sandbox.addresses), **network)
        self.condition("Initialized", self.init_done)
        self.condition("ContainersReady", ready, **waiting)
        self.condition("Ready", ready, **waiting)
        found = {"phase": self.phase(), "conditions": list(self.conditions.values()), "qosClass": "BestEffort",
                 "startTime": self.started, "hostIP": self.node.addresses[0],
                 "hostIPs": [{"ip": ip} for ip in self.node.addresses],
                 "containerStatuses": [c.status() for c in self.containers]}
        if self.init:
            found["initContainerStatuses"] = [c.status() for c in self.init]
        if self.sandbox.addresses:
            found["podIP"] = self.sandbox.addresses[0]
            found["podIPs"] = [{"ip": ip} for ip in self.sandbox.addresses]
        return found

    async def write_status(self):
        """Whenever something changed, the whole status; several changes in a row become one write."""
        self.started = now()
        self.dirty.set()
        path = pod_path(self.sandbox.namespace, self.sandbox.name, "status")
        while True:
            await self.dirty.wait()
            self.dirty.clear()
            try:
                await self.node.api.patch(path, {"metadata": {"uid": self.sandbox.uid}, "status": self.status()})
            except ApiError as err:
                if err.code != 404:
                    print(f"{self.sandbox.namespace}/{self.sandbox.name}: status: {err}", flush=True)
            except OSError:
                await asyncio.sleep(0.5)
                self.dirty.set()


def leftovers(node):
    """The sandboxes that an earlier runner of this node left."""
    found = []
    for entry in os.scandir(node.dir):
        if entry.name.endswith(".json"):
            with open(entry.path) as f:
                sandbox = Sandbox.__new__(Sandbox)
                sandbox.__dict__.update(json.load(f), record=entry.path)
                found.append(sandbox)
    return found


