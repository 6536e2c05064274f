# SPDX-License-Identifier: Apache-2.0
"""One container of a pod: its process, started again as restartPolicy says, and its part of the pod's status."""
import asyncio
import datetime
import errno
import os
import re
import shutil
import signal

from .. import system
from . import probe

BACKOFF = [0, 10, 20, 40, 80, 160, 300]  # seconds before the n-th restart, as a kubelet has it
REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_.][A-Za-z0-9_.-]*)\))")


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def field(pod, path):
    """The value of a downward API fieldRef."""
    if path in ("status.podIP", "status.podIPs", "status.hostIP"):
        value = pod["status"].get(path.split(".")[1], "")
        return ",".join(ip["ip"] for ip in value) if isinstance(value, list) else value
    found = re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path)
    if found:
        return pod["metadata"].get(found.group(1), {}).get(found.group(2), "")
    value = pod
    for key in path.split("."):
        value = value.get(key, {})
    return value if isinstance(value, str) else ""


class Container:
    def __init__(self, spec, pod, sandbox, changed):
        self.spec, self.pod, self.sandbox, self.changed = spec, pod, sandbox, changed
        self.name = spec["name"]
        self.cgroup = os.path.join(sandbox.cgroup, self.name)
        self.restarts, self.ready, self.ran = 0, False, False
        self.state, self.last = {"waiting": {"reason": "ContainerCreating"}}, {}
        self.child, self.stop = None, asyncio.Event()

    # --- status ---------------------------------------------------------------------------------------------------------

    def running(self):
        return "running" in self.state

    def exit_code(self):
        """None unless the container has ended for good or for now."""
        return self.state.get("terminated", {}).get("exitCode")

    def status(self):
        return {"name": self.name, "image": self.spec.get("image", ""), "imageID": "", "ready": self.ready,
                "started": self.running(), "restartCount": self.restarts, "state": self.state,
                "lastState": self.last, "containerID": f"beeline-lab://{self.sandbox.id}-{self.name}"}

    def set_ready(self, ready):
        if ready != self.ready:
            self.ready = ready
            self.changed()

    # --- process --------------------------------------------------------------------------------------------------------

    def environment(self):
        env = {"PATH": self.sandbox.search + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "HOSTNAME": self.sandbox.name, "LANG": "C.UTF-8"}
        for item in self.spec.get("env", []):
            reference = item.get("valueFrom", {}).get("fieldRef")
            env[item["name"]] = field(self.pod, reference["fieldPath"]) if reference else self.expand(
                item.get("value", ""), env)
        return env

    @staticmethod
    def expand(text, env):
        """$(NAME) becomes the variable's value, $$ a dollar; an unknown name stays as it is."""
        return REFERENCE.sub(lambda m: "$" if m[1] == "$" else env.get(m[2], m[0]), text)

    def wrapped(self, command):
        return system.in_cgroup(self.cgroup, *system.inside(self.sandbox.netns, *command))

    async def execute(self, command):
        child = await asyncio.create_subprocess_exec(*self.wrapped(command), env=self.environment(),
                                                     stdin=asyncio.subprocess.DEVNULL,
                                                     stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        try:
            return await child.wait()
        except asyncio.CancelledError:
            if child.returncode is None:
                child.kill()
            raise

    async def once(self):
        """Runs the process from start to end; returns its exit code."""
        env = self.environment()
        command = [self.expand(word, env) for word in self.spec.get("command", []) + self.spec.get("args", [])]
        if command and not shutil.which(command[0], path=env["PATH"]):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
        os.makedirs(self.cgroup, exist_ok=True)
        with open(os.path.join(self.sandbox.dir, f"{self.name}.log"), "ab") as log:
            self.child = await asyncio.create_subprocess_exec(
                *self.wrapped(command or ["sleep", "infinity"]), env=env, stdin=asyncio.subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.spec.get("workingDir") or "/", start_new_session=True)
        if self.stop.is_set():
            self.child.terminate()
        began = now()
        self.state, self.ran = {"running": {"startedAt": began}}, True
        readiness = self.spec.get("readinessProbe")
        watching = asyncio.create_task(probe.watch(readiness, self.spec, self.sandbox.addresses[0], self.execute,
                                                   self.set_ready)) if readiness else None
        self.ready = not readiness
        self.changed()
        code = await self.child.wait()
        if watching:
            watching.cancel()
        self.ready = False
        self.state = {"terminated": {"exitCode": 128 - code if code < 0 else code, "startedAt": began,
                                     "finishedAt": now(), "reason": "Completed" if code == 0 else "Error"}}
        self.changed()
        return code

    async def run(self, policy):
        """Runs it again and again, as the policy says; returns when it has ended for good."""
        while True:
            try:
                code = await self.once()
            except OSError as err:
                code = 128
                self.state, self.ran = {"terminated": {"exitCode": 128, "reason": "StartError", "message": f"{err.filename}: "
                                                       f"{err.strerror}", "startedAt": now(), "finishedAt": now()}}, True
                self.changed()
            if self.stop.is_set() or policy == "Never" or (policy == "OnFailure" and code == 0):
                return
            ended, delay = self.state, BACKOFF[min(self.restarts, len(BACKOFF) - 1)]
            if delay:
                self.last = ended
                self.state = {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off {delay}s"}}
                self.changed()
                if await self.stopped_within(delay):
                    self.state = ended
                    return
            self.last = ended
            self.restarts += 1

    async def stopped_within(self, seconds):
        """Sleeps; whether it was told to end meanwhile."""
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except asyncio.TimeoutError:
            pass
        return self.stop.is_set()

    def terminate(self):
        self.stop.set()
        if self.child and self.child.returncode is None:
            try:
                os.killpg(self.child.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
