# SPDX-License-Identifier: Apache-2.0
"""On what a run was made: whatever somebody needs who wants to see the same figures, or to know why theirs differ."""
import datetime
import glob
import os
import platform
import re
import shlex
import subprocess
import sys
import time

from run import world

TOOLS = {"iptables-legacy": ["iptables-legacy", "--version"], "iptables-nft": ["iptables-nft", "--version"], "nft": ["nft", "--version"],
         "ipset": ["ipset", "--version"], "iproute2": ["ip", "-V"], "gcc": ["gcc", "--version"], "clang": ["clang", "--version"],
         "bpftool": ["bpftool", "version"], "valgrind": ["valgrind", "--version"], "python": [sys.executable, "--version"]}


def first_line(command):
    """Of what a command prints; None where there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines and not done.returncode else None


def read(path):
    try:
        with open(path) as f:
            return f.read().strip()
    except OSError:
        return None


def cpu_model(text):
    found = re.search(r"^(?:model name|Processor)\s*:\s*(.+)$", text or "", re.M)
    return found.group(1).strip() if found else "unknown"


def governor():
    """The frequency governors in use, or that there is none to choose (a virtual machine)."""
    found = {read(p) for p in glob.glob("/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")} - {None}
    return ", ".join(sorted(found)) or "none (no cpufreq: fixed, or the hypervisor's)"


def mitigations():
    """{name: state} of what this CPU needs."""
    found = {os.path.basename(p): read(p) for p in sorted(glob.glob("/sys/devices/system/cpu/vulnerabilities/*"))}
    return {k: v for k, v in found.items() if v and v != "Not affected"}


def memory_mb(text):
    found = re.search(r"^MemTotal:\s*(\d+) kB", text or "", re.M)
    return int(found.group(1)) // 1024 if found else None


def commit():
    """The tree's commit, and whether the tree was changed since."""
    git = ["git", "-C", world.ROOT]
    head = first_line([*git, "rev-parse", "--short=12", "HEAD"])
    return f"{head}{' with changes' if first_line([*git, 'status', '--porcelain']) else ''}" if head else "unknown"


def describe(args):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "date": now.strftime("%Y-%m-%d %H:%M UTC"),
        "began": time.monotonic(),
        "mode": args.mode,
        "command": shlex.join(["tests/bench/bench", *sys.argv[1:]]),
        "commit": commit(),
        "rows": args.asked,
        "rounds": args.rounds,
        "sizes": args.sizes,
        "family": args.family,
        "limit": args.limit,
        "kernel": f"{platform.release()} {platform.version()}",
        "cpu": cpu_model(read("/proc/cpuinfo")),
        "cpus": os.cpu_count(),
        "memory_mb": memory_mb(read("/proc/meminfo")),
        "virtual": first_line(["systemd-detect-virt"]) or ("yes" if "hypervisor" in (read("/proc/cpuinfo") or "") else "no"),
        "governor": governor(),
        "mitigations": mitigations(),
        "load": (read("/proc/loadavg") or "").split(" ")[0],
        "tools": {name: first_line(command) or "not installed" for name, command in TOOLS.items()},
    }


def seconds_since(about):
    return round(time.monotonic() - about.pop("began"), 1)
