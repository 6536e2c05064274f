# SPDX-License-Identifier: Apache-2.0
"""Calls CNI plugins as a container runtime does: a conflist's plugins one after the other (CNI specification 1.1, section 4)."""
import asyncio
import json
import os


class CniError(Exception):
    """What a plugin said; `code` is the specification's."""

    def __init__(self, code, message):
        super().__init__(f"CNI error {code}: {message}")
        self.code = code


class Cni:
    def __init__(self, conflist, path):
        self.conflist, self.path = conflist, path

    def configured(self):
        return os.path.exists(self.conflist)

    async def add(self, sandbox):
        """Attaches a sandbox; returns its addresses, IPv4 before IPv6."""
        result = None
        for conf in self._plugins():
            if result is not None:
                conf["prevResult"] = result
            result = json.loads(await self._call("ADD", sandbox, conf))
        found = [ip["address"].split("/")[0] for ip in (result or {}).get("ips", [])]
        return sorted(found, key=lambda address: ":" in address)

    async def delete(self, sandbox):
        for conf in reversed(self._plugins()):
            await self._call("DEL", sandbox, conf)

    def _plugins(self):
        try:
            with open(self.conflist) as f:
                conflist = json.load(f)
        except (OSError, ValueError) as err:
            raise CniError(7, f"{self.conflist}: {err}") from err
        return [{**plugin, "cniVersion": conflist["cniVersion"], "name": conflist["name"]}
                for plugin in conflist["plugins"]]

    async def _call(self, command, sandbox, conf):
        args = (f"IgnoreUnknown=1;K8S_POD_NAMESPACE={sandbox.namespace};K8S_POD_NAME={sandbox.name};"
                f"K8S_POD_INFRA_CONTAINER_ID={sandbox.id};K8S_POD_UID={sandbox.uid}")
        env = {**os.environ, "CNI_COMMAND": command, "CNI_CONTAINERID": sandbox.id, "CNI_NETNS": sandbox.netns,
               "CNI_IFNAME": "eth0", "CNI_ARGS": args, "CNI_PATH": self.path}
        plugin = next((p for p in (os.path.join(d, conf["type"]) for d in self.path.split(":")) if os.access(p, os.X_OK)),
                      None)
        if not plugin:
            raise CniError(7, f"no plugin '{conf['type']}' in {self.path}")
        child = await asyncio.create_subprocess_exec(plugin, env=env, stdin=asyncio.subprocess.PIPE,
                                                     stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate(json.dumps(conf).encode())
        if child.returncode:
            try:
                said = json.loads(out)
            except ValueError:
                said = {}
            raise CniError(said.get("code", 999), said.get("msg", f"{plugin}: exit {child.returncode}") +
                           (": " + said["details"] if said.get("details") else ""))
        return out
