# SPDX-License-Identifier: Apache-2.0
"""The C drivers, as functions: a server where a candidate's server lives, and a client where its client lives.

Both stay on one CPU: between two CPUs a wake-up costs several times what is measured.
"""
import contextlib
import json
import os
import subprocess

from run import world

LIMIT = 60  # seconds that one run of a client may take
LATENCIES = ("connect", "crr", "rr", "udp-rr")


class DriveError(RuntimeError):
    """A driver did not do what it was asked for."""


def program(name):
    return os.path.join(world.ROOT, os.environ.get("O", "out"), "tests", "bench", name)


shared_cpu = None  # what --cpu says


def cpu():
    """The one that client, server and the node's work for them share: the last that this process may use, unless it was said."""
    return max(os.sched_getaffinity(0)) if shared_cpu is None else shared_cpu


def _place(netns, cgroup):
    return ["--cpu", str(cpu())] + (["--netns", netns] if netns else []) + (["--cgroup", cgroup] if cgroup else [])


# --- the server -----------------------------------------------------------------------------------------------------------


class Server:
    """Listens from its making on, on consecutive ports, TCP and UDP, both families; ends with `stop`, or with this process."""

    def __init__(self, netns, ports, cgroup=None):
        ports = sorted(ports)
        if ports != list(range(ports[0], ports[0] + len(ports))):
            raise DriveError(f"ports {ports}: not one after the other")
        self.process = subprocess.Popen(
            [program("bench_server"), *_place(netns, cgroup), "--port", str(ports[0]), "--ports", str(len(ports))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        if said != "READY\n":
            raise DriveError(self.stop() or f"bench_server said {said!r} and ended")

    def stop(self):
        """What it had to complain about, if it ended before."""
        _, complaint = self.process.communicate()
        return complaint.strip()


def serve(one):
    return Server(one.server_ns, one.server_ports, one.server_cgroup)


def hurry(servers):
    """Lets the servers go before whatever else runs on their CPU (SCHED_FIFO). Whether that could be had: for all or for none."""
    try:
        for server in servers:
            os.sched_setscheduler(server.process.pid, os.SCHED_FIFO, os.sched_param(1))
        return True
    except OSError:
        for server in servers:
            os.sched_setscheduler(server.process.pid, os.SCHED_OTHER, os.sched_param(0))
        return False


@contextlib.contextmanager
def serving(ctx, row, eager=False):
    """The candidates whose server runs, while the block does; with `eager`, and whether they and their clients go before others: half a
    core for one candidate's turn would be read as half its throughput."""
    standing, servers = [], []
    try:
        for one in ctx.candidates:
            try:
                servers.append(serve(one))
                standing.append(one)
            except (DriveError, OSError) as err:
                ctx.fail(row, one, f"server: {err}")
        yield (standing, hurry(servers)) if eager else standing
    finally:
        for server in servers:
            server.stop()


# --- the client -----------------------------------------------------------------------------------------------------------


def client(netns, cgroup, *flags):
    """One run of the client; its object."""
    done = subprocess.run([program("bench_client"), *_place(netns, cgroup), "--limit", str(LIMIT), *flags],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if not done.stdout:
        raise DriveError(done.stderr.strip() or f"bench_client: exit status {done.returncode}")
    found = json.loads(done.stdout)
    return check(found, " ".join(flags))


def check(found, what):
    """Nothing may have failed but for one operation in a hundred of a latency's."""
    if found["errors"] and found["errors"] * 100 > found["n"] or found["mode"] in ("stream", "pps") and found["errors"]:
        raise DriveError(f"{what}: {found['errors']} errors, {found['n']} operations done: {found['error']}")
    if not found["n"] and not found["bytes"]:
        raise DriveError(f"{what}: nothing was done")
    return found


def latency(one, addr, port, mode, ops, warmup=None, unconnected=False):
    """A histogram: {"n", "mean", "p1", ..., "rate", "buckets"}; crr's has the one of its connects as "connect". Mode `connect` is that one."""
    if mode not in LATENCIES:
        raise ValueError(f"{mode}: no latency")
    flags = ["--mode", "crr" if mode == "connect" else mode, "--addr", addr, "--port", str(port), "--ops", str(ops),
             "--warmup", str(ops // 10 if warmup is None else warmup)]
    found = client(one.client_ns, one.client_cgroup, *flags, *(["--unconnected"] if unconnected else []))
    return connects(found) if mode == "connect" else found


def connects(crr):
    """The connects of a crr run; their rate is the one of whole operations, each of which holds one."""
    return {**crr["connect"], "rate": crr["rate"], "errors": crr["errors"]}


def stream(one, addr, port, streams, ms, warm_ms=50, reverse=False, eager=False):
    """{"goodput": bit/s, "cpu_per_gigabit": s or None, "bytes", "seconds"}: what arrived, in the time until it had."""
    found = client(one.client_ns, one.client_cgroup, "--mode", "stream", "--addr", addr, "--port", str(port), "--streams", str(streams),
                   "--ms", str(ms), "--warm-ms", str(warm_ms), *(["--reverse"] if reverse else []), *(["--eager"] if eager else []))
    bits, busy = found["bytes"] * 8, found["cpu"]["busy"]
    return {"goodput": bits / found["seconds"], "cpu_per_gigabit": busy / bits * 1e9 if busy else None,
            "bytes": found["bytes"], "seconds": found["seconds"]}


def pps(one, addr, port, ms, size=64, warm_ms=50, eager=False):
    """{"rate": datagrams that arrived, a second, "lost": share of those sent, "cpu_per_packet": s or None, "n", "sent"}."""
    found = client(one.client_ns, one.client_cgroup, "--mode", "pps", "--addr", addr, "--port", str(port), "--ms", str(ms),
                   "--size", str(size), "--warm-ms", str(warm_ms), *(["--eager"] if eager else []))
    busy = found["cpu"]["busy"]
    return {"rate": found["rate"], "lost": 1 - found["n"] / found["sent"] if found["sent"] else 0.0,
            "cpu_per_packet": busy / found["n"] if busy else None, "n": found["n"], "sent": found["sent"]}
