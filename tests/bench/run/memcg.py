# SPDX-License-Identifier: Apache-2.0
"""What the kernel allocates for somebody: a memory cgroup of its own, of either version of cgroups.

Allocations made with accounting on (rules and sets of netfilter are) are charged to the cgroup of the program that asked for them and stay
charged when it has ended, until they are freed. The kernel charges in small batches a CPU, so figures are good to some 100 KiB.
"""
import contextlib
import os

from run.base import Unavailable
from run.world import in_cgroup, wait_until


class Group:
    """A memory cgroup; the file that tells its kernel memory, and the field in it where it has several."""

    def __init__(self, path, file, field=None):
        self.path, self.file, self.field = path, file, field

    def command(self, *command):
        return in_cgroup(self.path, *command)

    def kernel(self):
        with open(os.path.join(self.path, self.file)) as f:
            return kernel_bytes(f.read(), self.field)


def kernel_bytes(text, field=None):
    """Bytes in a file of one number, or behind a field of memory.stat."""
    if field is None:
        return int(text)
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == field:
            return int(value)
    raise Unavailable(f"memory.stat has no '{field}': kernel memory is not told by this kernel")


def find(mounts):
    """(folder in which to make a cgroup, its file, field) by the text of /proc/mounts."""
    for line in mounts.splitlines():
        _, path, kind, options = line.split()[:4]
        if kind == "cgroup" and "memory" in options.split(","):
            return path, "memory.kmem.usage_in_bytes", None
    for line in mounts.splitlines():
        _, path, kind = line.split()[:3]
        if kind == "cgroup2" and "memory" in _words(os.path.join(path, "cgroup.subtree_control")):
            return path, "memory.stat", "kernel"
    raise Unavailable("no memory cgroup to be had: kernel memory of rules is not measured")


def _words(path):
    try:
        with open(path) as f:
            return f.read().split()
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def group(name):
    """A new memory cgroup, removed at the end; what is still charged to it stays with its parent."""
    with open("/proc/mounts") as f:
        root, file, field = find(f.read())
    path = os.path.join(root, f"blb{os.getpid()}-{name}")
    try:
        os.mkdir(path)
    except OSError as err:
        raise Unavailable(f"{path}: {err.strerror}: kernel memory of rules is not measured") from err
    try:
        made = Group(path, file, field)
        made.kernel()
        yield made
    finally:
        wait_until(path, lambda: _removed(path), seconds=10)


def _removed(path):
    """A process that has just ended may still be counted."""
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True
