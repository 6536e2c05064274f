# SPDX-License-Identifier: Apache-2.0
"""Made-up records, candidates and arguments, for the tests of what shows and judges them."""
import argparse
import io

from run import records as rec
from run.context import Context


def crr(candidate, services, rounds, metric="p1", which="last"):
    return rec.make("crr", candidate, metric, "ns", rounds, {"services": services, "which": which, "proto": "tcp", "family": 4})


def plain(row, candidate, metric, unit, rounds, **params):
    return rec.make(row, candidate, metric, unit, rounds, params)


def about():
    return {"date": "2026-01-02 03:04 UTC", "mode": "quick", "command": "tests/bench/bench --quick", "commit": "abc", "rounds": 3, "sizes": [10, 1000],
            "family": 4, "limit": 60, "kernel": "6.1.0 #1", "cpu": "A <fast> CPU", "cpus": 2, "memory_mb": 4096, "virtual": "kvm", "governor": "none",
            "mitigations": {"spectre_v2": "Mitigation: Retpolines"}, "load": "0.1", "tools": {"nft": "v1"}, "seconds": 12.0, "rows": ["crr"]}


class Fake:
    """A candidate that stands and does nothing."""

    def __init__(self, name, proxies=True):
        self.name, self.proxies = name, proxies


def context(*candidates, rows=(), rounds=3):
    args = argparse.Namespace(rows=list(rows), rounds=rounds, verbose=True, quick=False, smoke=False, sizes=[10, 1000], asked=list(rows))
    return Context(args, list(candidates), out=io.StringIO())
