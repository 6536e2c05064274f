# SPDX-License-Identifier: Apache-2.0
"""Rows connect, crr, rr and udp-rr: how long an operation takes, by the number of Services and the place of the one that is asked.

All modes of a candidate are measured in its turn of a round. The last Service gets all rounds; the first and the middle one, and sizes that
no headline is about, get a few: they show a shape. The limits know no Service and are measured beside the last one.
"""
from run import drive, stats
from run.sizes import bring

ROWS = ("connect", "crr", "rr", "udp-rr")
HEADLINE_SIZES = (10, 1000, 10000, 50000)
FEW = 5

# (row, mode, params, flags of drive.latency)
MODES = (
    ("crr", "crr", {"proto": "tcp"}, {}),
    ("rr", "rr", {"proto": "tcp"}, {}),
    ("udp-rr", "udp-rr", {"proto": "udp", "socket": "connected"}, {}),
    ("udp-rr", "udp-rr", {"proto": "udp", "socket": "unconnected"}, {"unconnected": True}),
)


def places(n, only_last):
    """[(name, index)], the last first. Fewer Services than places: each index once."""
    found = {n - 1: "last"}
    if not only_last:
        found.setdefault(0, "first")
        found.setdefault(n // 2, "middle")
    return [(name, index) for index, name in found.items()]


def rounds_of(args, n, which):
    return args.rounds if which == "last" and n in HEADLINE_SIZES else min(FEW, args.rounds)


def ops_of(args):
    """Operations a round and mode: with all rounds of a full run 30,000."""
    return 100 if args.smoke else max(2000, -(-30000 // args.rounds) if not args.quick else 0)


def wanted(ctx):
    return [m for m in MODES if ctx.wants(m[0]) or m[0] == "crr" and ctx.wants("connect")]


def measure(one, modes, index, ops):
    """{index in modes: histogram} of one turn."""
    one.rest()
    found = {}
    for i, (_, mode, params, flags) in enumerate(modes):
        addr, port = one.service(index, params["proto"])
        found[i] = drive.latency(one, addr, port, mode, ops, **flags)
    return found


def put(ctx, row, one, histograms, **params):
    """One candidate's histograms, one a round."""
    for metric in (*stats.POINTS, "mean"):
        ctx.record(row, one, metric, "ns", [h[metric] for h in histograms], **params)
    ctx.record(row, one, "rate", "1/s", [h["rate"] for h in histograms], **params)


def at_place(ctx, standing, n, which, index):
    modes, ops = wanted(ctx), ops_of(ctx.args)
    who = [c for c in standing if c.proxies or which == "last"]
    found = ctx.interleave("crr" if len(modes) > 1 else modes[0][0], who, lambda one: measure(one, modes, index, ops),
                           rounds_of(ctx.args, n, which), services=n, which=which)
    for one in who:
        turns = found.get(one.name) or []
        for i, (row, _, params, _) in enumerate(modes if turns else ()):
            about = {"services": n, "which": which, "family": one.family, **params}
            put(ctx, row, one, [t[i] for t in turns], **about)
            if row == "crr":
                put(ctx, "connect", one, [drive.connects(t[i]) for t in turns], **about)


def run(ctx):
    with drive.serving(ctx, "crr") as serving:
        for n in ctx.args.sizes:
            standing = [one for one in serving if bring(ctx, "crr", one, n)]
            for which, index in places(n, ctx.args.quick or ctx.args.smoke):
                at_place(ctx, standing, n, which, index)
