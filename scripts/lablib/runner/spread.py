# SPDX-License-Identifier: Apache-2.0
"""Binds pods that name no node to ready nodes, in turn. The lab's scheduler; it weighs nothing."""
import asyncio

from ..kube import Api, ApiError, pod_path


class Spreader:
    def __init__(self, api):
        self.api = api
        self.nodes = {}  # name -> takes pods
        self.count = {}  # name -> pods given to it
        self.waiting = {}  # (namespace, name) -> uid
        self.wake = asyncio.Event()

    def node(self, kind, node):
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node.get("status", {}).get("conditions", []))
        name = node["metadata"]["name"]
        if kind == "DELETED":
            self.nodes.pop(name, None)
        else:
            self.nodes[name] = ready and not node.get("spec", {}).get("unschedulable")
        self.wake.set()

    def pod(self, kind, pod):
        meta = pod["metadata"]
        key = (meta["namespace"], meta["name"])
        if kind == "DELETED" or pod.get("spec", {}).get("nodeName") or meta.get("deletionTimestamp"):
            self.waiting.pop(key, None)
        else:
            self.waiting[key] = meta["uid"]
            self.wake.set()

    async def bind(self):
        """Forever: every waiting pod to the ready node that got the fewest so far."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            for (namespace, name), uid in list(self.waiting.items()):
                ready = sorted(node for node, takes in self.nodes.items() if takes)
                if not ready:
                    break
                node = min(ready, key=lambda n: self.count.get(n, 0))
                binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, "namespace": namespace,
                           "uid": uid}, "target": {"apiVersion": "v1", "kind": "Node", "name": node}}
                try:
                    await self.api.post(pod_path(namespace, name, "binding"), binding)
                    self.count[node] = self.count.get(node, 0) + 1
                    self.waiting.pop((namespace, name), None)
                    print(f"{namespace}/{name} goes to {node}", flush=True)
                except ApiError as err:
                    self.waiting.pop((namespace, name), None)
                    print(f"{namespace}/{name}: {err}", flush=True)
                except OSError as err:
                    print(f"{namespace}/{name}: {err}", flush=True)
                    asyncio.get_running_loop().call_later(1, self.wake.set)


async def main(kubeconfig):
    spreader = Spreader(Api(kubeconfig))

    def each(take):
        return lambda items: [take("ADDED", item) for item in items]

    def forget_pods(items):
        spreader.waiting.clear()
        for item in items:
            spreader.pod("ADDED", item)

    await asyncio.gather(
        spreader.api.follow("/api/v1/nodes", each(spreader.node), spreader.node),
        spreader.api.follow("/api/v1/pods", forget_pods, spreader.pod, fieldSelector="spec.nodeName="),
        spreader.bind())
