# SPDX-License-Identifier: Apache-2.0
"""Who answers for a Service while something happens: bench_probe in a candidate's client and server namespace, and what is read out of its
record. Times are seconds of CLOCK_MONOTONIC, as time.monotonic() gives them."""
import contextlib
import os
import subprocess
import time
from dataclasses import dataclass

from run import drive, rules

PATIENCE = 0.3  # so long an answer may take before its probe counts as lost


@dataclass(frozen=True)
class Probe:
    sent: float
    answered: float | None
    place: int | None  # index in the endpoints of the Service


def parse(text):
    """What bench_probe prints."""
    found = []
    for line in text.splitlines():
        sent, answered, place = map(int, line.split())
        found.append(Probe(sent / 1e9, answered / 1e9 if answered else None, place if answered else None))
    return found


def first_answer(probes, place, since):
    """Seconds from `since` to the first answer of a place to a probe sent after it; None: it never answered."""
    times = [p.answered for p in probes if p.place == place and p.sent >= since]
    return min(times) - since if times else None


def lost(probes, since, until):
    """How many of those sent meanwhile nobody answered."""
    return sum(p.answered is None for p in probes if since <= p.sent <= until)


def stale(probes, place, since):
    """How many that were sent after a place had been taken away it answered all the same."""
    return sum(p.place == place for p in probes if p.sent > since)


def longest_gap(probes, since, until):
    """The longest time in which no probe was sent that found an answer, between the first and the last one that did."""
    times = sorted(p.sent for p in probes if p.answered is not None and since <= p.sent <= until)
    return max((b - a for a, b in zip(times, times[1:])), default=0.0)


def program():
    return os.path.join(os.path.dirname(rules.generator()), "bench_probe")


@contextlib.contextmanager
def running(command):
    """A bench_probe that has said READY, with both ends of its pipes; ended by its id at the latest."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            if child.stdout.readline() != "READY\n":
                raise RuntimeError(f"bench_probe did not start, or nobody answered it: {' '.join(command)}")
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def watch(one, index, action, interval_us, pinned=False):
    """(what action() returned, its begin, its end, the probes) of asking UDP Service `index` meanwhile. Pinned to one CPU an answer comes
    soonest; not pinned, a program that stays in the kernel on one CPU (an nft transaction does, for seconds) does not look like a
    path that is broken."""
    endpoints = one.live_endpoints()
    address, port = one.service(index, "udp")
    cpu = ["--cpu", str(drive.cpu())] if pinned else []
    server = [program(), "--serve", ",".join(f"{a}:{p}" for a, p in endpoints), *cpu]
    client = [program(), "--address", address, "--port", str(port), "--interval", str(interval_us),
              "--wait", str(int(PATIENCE * 1000)), *cpu]
    with running(one.server(*server)), running(one.client(*client)) as prober:
        began = time.monotonic()
        result = action()
        ended = time.monotonic()
        told, _ = prober.communicate()
    return result, began, ended, parse(told)


