# SPDX-License-Identifier: Apache-2.0
"""Rows stream and pps: what goes through one core that client, node and server share, and what CPU it takes.

Client and server go before whatever else wants that core, where the kernel lets them: the others' share would be read as ours.
With everything on one core the core is the limit, so that goodput and CPU a gigabit are two views of one thing; both count what arrived.
An established flow's cost does not depend on the number of Services, so the smallest number is measured.
"""
from run import drive
from run.sizes import bring

STREAMS = (1, 8)


def lengths(args):
    """Milliseconds that are measured, and those before."""
    return (30, 5) if args.smoke else (250, 30) if args.quick else (500, 50)


def put_stream(ctx, one, turns, **params):
    ctx.record("stream", one, "goodput", "bit/s", [t["goodput"] for t in turns], **params)
    if all(t["cpu_per_gigabit"] for t in turns):
        ctx.record("stream", one, "cpu", "s/Gbit", [t["cpu_per_gigabit"] for t in turns], **params)


def put_pps(ctx, one, turns, **params):
    ctx.record("pps", one, "delivered", "packets/s", [t["rate"] for t in turns], **params)
    ctx.record("pps", one, "lost", "%", [100 * t["lost"] for t in turns], **params)
    if all(t["cpu_per_packet"] for t in turns):
        ctx.record("pps", one, "cpu", "ns/packet", [1e9 * t["cpu_per_packet"] for t in turns], **params)


def streams(ctx, standing, n, count, ms, warm, eager):
    def measure(one):
        one.rest()
        return drive.stream(one, *one.service(n - 1, "tcp"), count, ms, warm, eager=eager)

    for name, turns in ctx.interleave("stream", standing, measure, services=n, streams=count).items():
        one = next(c for c in standing if c.name == name)
        put_stream(ctx, one, turns, services=n, streams=count, proto="tcp", family=one.family)


def packets(ctx, standing, n, ms, warm, eager):
    def measure(one):
        one.rest()
        return drive.pps(one, *one.service(n - 1, "udp"), ms, warm_ms=warm, eager=eager)

    for name, turns in ctx.interleave("pps", standing, measure, services=n).items():
        one = next(c for c in standing if c.name == name)
        put_pps(ctx, one, turns, services=n, size=64, proto="udp", family=one.family)


def run(ctx):
    n = min(ctx.args.sizes)
    ms, warm = lengths(ctx.args)
    with drive.serving(ctx, "stream", eager=True) as (serving, eager):
        standing = [one for one in serving if bring(ctx, "stream", one, n)]
        if ctx.wants("stream"):
            for count in STREAMS:
                streams(ctx, standing, n, count, ms, warm, eager)
        if ctx.wants("pps"):
            packets(ctx, standing, n, ms, warm, eager)
