# SPDX-License-Identifier: Apache-2.0
"""The machine under a lab: commands, namespaces, cgroups, and processes known by id and start time."""
import os
import select
import shutil
import signal
import subprocess
import sys
import time

from .plan import BPFFS, RUN, LabError


def end_in_order():
    """SIGTERM and SIGHUP end the program as an exception would, so that what it made is taken away."""
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda *_: sys.exit(143))


def run(*command, text=None):
    """Runs a command to its end; returns its output, fails with its error text."""
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True)
    except OSError as err:
        raise LabError(f"{command[0]}: {err.strerror}") from err
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{' '.join(command)}: {said[-1] if said else f'exit {done.returncode}'}")
    return done.stdout


def inside(netns_path, *command):
    """The command that runs another in a namespace. Not `ip netns exec`, which would hide /sys/fs/bpf and cgroups."""
    return ["nsenter", "--net=" + netns_path, "--", *command]


def in_cgroup(cgroup, *command):
    """The command that enters a cgroup and then becomes another."""
    return ["sh", "-c", 'echo $$ >"$0"/cgroup.procs && exec "$@"', cgroup, *command]


def ip_batch(netns, lines):
    ip(netns, "-batch", "-", text="\n".join(lines) + "\n")


def ip(netns, *args, text=None):
    """ip(8) in a named namespace. Not `ip -n`, which needs a root folder that is a mount of its own: a chroot's is none."""
    return run(*inside("/run/netns/" + netns, "ip", *args), text=text)


# --- processes ----------------------------------------------------------------------------------------------------------


def start_time(pid):
    """A process's start in clock ticks since boot; None when there is no such process, or only its remains."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


class Process:
    """A background process whose id and start time lie in a file, so that whoever ends it ends no other."""

    def __init__(self, pid_file):
        self.pid_file = pid_file

    def start(self, command, log, cgroup):
        with open(log, "ab") as out:
            child = subprocess.Popen(in_cgroup(cgroup, *command), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     start_new_session=True, cwd="/")
        with open(self.pid_file, "w") as f:
            f.write(f"{child.pid} {start_time(child.pid)}\n")
        child.returncode = 0  # it outlives us: nobody waits for it here

    def pid(self):
        """The id while it runs, else None."""
        try:
            with open(self.pid_file) as f:
                pid, started = f.read().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if start_time(int(pid)) == started else None

    def stop(self, sig=signal.SIGTERM, patience=10):
        """Asks it to end and waits; past the patience in seconds it is killed."""
        pid = self.pid()
        if pid:
            try:
                fd = os.pidfd_open(pid)
            except ProcessLookupError:
                fd = -1
            if fd >= 0:
                for s, wait in ((sig, patience), (signal.SIGKILL, 10)):
                    try:
                        signal.pidfd_send_signal(fd, s)
                    except ProcessLookupError:
                        pass
                    if wait_readable(fd, wait):
                        break
                os.close(fd)
                reap(pid)
        if os.path.exists(self.pid_file):
            os.unlink(self.pid_file)


def wait_readable(fd, seconds, events=select.POLLIN):
    poll = select.poll()
    poll.register(fd, events)
    return bool(poll.poll(int(seconds * 1000)))


def reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def wait_until(what, ready, process=None, log=None, seconds=30):
    """Until ready() is true; gives up early when the process that should make it so has ended."""
    end = time.monotonic() + seconds
    while not ready():
        dead = process is not None and process.pid() is None
        if dead or time.monotonic() > end:
            said = f": {last_line(log)}" if log else ""
            raise LabError(f"{what} {'ended' if dead else f'is not ready after {seconds} s'}{said}")
        select.select([], [], [], 0.02)


def last_line(path):
    try:
        with open(path, errors="replace") as f:
            lines = [line.strip() for line in f if line.strip()]
    except FileNotFoundError:
        lines = []
    return lines[-1] if lines else f"{path} is empty"


# --- cgroups and bpffs --------------------------------------------------------------------------------------------------


def mounts(kind):
    with open("/proc/mounts") as f:
        return [line.split()[1] for line in f if line.split()[2] == kind]


def cgroup_root():
    """Where cgroup v2 is mounted; mounts it for the labs where nobody did."""
    found = mounts("cgroup2")
    if found:
        return found[0]
    private = os.path.join(RUN, ".cgroup2")
    os.makedirs(private, mode=0o700, exist_ok=True)
    run("mount", "-t", "cgroup2", "none", private)
    return private


def mount_bpffs():
    if BPFFS not in mounts("bpf"):
        run("mount", "-t", "bpf", "bpf", BPFFS)


def populated(cgroup):
    try:
        with open(os.path.join(cgroup, "cgroup.events")) as f:
            return "populated 1" in f.read()
    except FileNotFoundError:
        return False


def claim_name(cgroups, bpffs, name):
    """Makes a cgroup and a folder of bpffs under a name that nobody uses. Other containers of this machine may hold labs of the
    same name, and what a container that is gone left behind (a cgroup without any process) is taken over."""
    for suffix in [""] + [f"-{i}" for i in range(2, 1000)]:
        cgroup, folder = (os.path.join(parent, name + suffix) for parent in (cgroups, bpffs))
        if populated(cgroup):
            continue
        remove_cgroup(cgroup)
        remove_tree(folder)
        os.mkdir(cgroup)
        os.mkdir(folder, 0o700)
        return cgroup, folder
    raise LabError(f"{cgroups}: too many labs named {name}")


def kill_cgroup(path, seconds=10):
    """Ends every process below a cgroup and waits for the last to be gone."""
    events = os.path.join(path, "cgroup.events")
    try:
        fd = os.open(events, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        with open(os.path.join(path, "cgroup.kill"), "w") as f:
            f.write("1")
        end = time.monotonic() + seconds
        while b"populated 1" in os.pread(fd, 4096, 0):
            if time.monotonic() > end:
                raise LabError(f"{path} still has processes")
            wait_readable(fd, 1, select.POLLPRI)
    finally:
        os.close(fd)


def remove_cgroup(path):
    """Removes a cgroup with all below it; its processes are gone already."""
    if not os.path.isdir(path):
        return
    for folder, _, _ in os.walk(path, topdown=False):
        os.rmdir(folder)


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):
        shutil.rmtree(path)
