# SPDX-License-Identifier: Apache-2.0
"""Rows change, sync, resync and outage: how long the kernel lags behind the API, and what a client sees of it.

sync      time: n Services programmed from nothing. For the peers the one program that loads the text; for beeline an agent with
          empty maps, from the last list's end.
change    one endpoint of the last Service is taken away and comes back.
          kernel: until the kernel has it; for the peers the partial text's load, the quicker of both ways.
          first-packet: from the begin of that until a client has an answer of the endpoint that came back.
          time: what the headline compares: the peers' `kernel`, beeline's `first-packet` from the event's arrival at the agent.
resync    time: everything written anew over what is there; for beeline a restarted agent, until its kernel holds everything.
outage    lost: requests without an answer; misrouted: those sent after an endpoint was gone that it answered all the same;
          longest: seconds between two requests that were answered. `during` says what happened.

The peers compute nothing here: their texts are made before. kube-proxy itself adds what it computes and, for nft, listing its table.
"""
import time

from run import probe
from run.base import TooSlow
from run.sizes import bring

# Microseconds between two requests. beeline's time is read from them; for the peers, whose is not, they are few, so as to leave
# the peers the CPUs.
QUICK, SLOW = 100, 1000


def run(ctx):
    proxies = [one for one in ctx.candidates if one.proxies]
    for n in ctx.args.sizes:
        standing = sync(ctx, proxies, n)
        if any(map(ctx.wants, ("change", "outage"))):
            changes(ctx, standing, n)
        if any(map(ctx.wants, ("resync", "outage"))):
            resyncs(ctx, standing, n)


def budget(ctx):
    """Wall seconds for one candidate's rounds of something slow: what takes longer has fewer rounds, but one."""
    return 1 if ctx.args.smoke else 15 if ctx.args.quick else 60


def bounded(ctx, row, candidates, measure, seconds, **params):
    """interleave() whose candidates leave when their time is spent."""
    spent = dict.fromkeys((one.name for one in candidates), 0.0)
    found = {}
    for turn in range(ctx.args.rounds):
        left = [one for one in candidates if not turn or one.name in found and spent[one.name] * (turn + 1) / turn <= seconds]
        if not left:
            break

        def timed(one):
            began = time.monotonic()
            try:
                return measure(one)
            finally:
                spent[one.name] += time.monotonic() - began

        got = ctx.interleave(row, left, timed, rounds=1, **params)
        for one in left:
            if got.get(one.name):
                found.setdefault(one.name, []).extend(got[one.name])
            else:
                found.pop(one.name, None)
                candidates = [c for c in candidates if c.name != one.name]
    return found


def sync(ctx, proxies, n):
    """Programs n Services on all; those on which it worked."""
    params = {"services": n, "family": family(proxies)}

    def measure(one):
        try:
            return one.program(n, ctx.args.limit)
        except TooSlow as err:
            one.too_slow = (n, str(err))
            raise

    if not ctx.wants("sync"):
        return [one for one in proxies if bring(ctx, "change", one, n)]
    able = [one for one in proxies if n < getattr(one, "too_slow", (n + 1,))[0] or bring(ctx, "sync", one, n)]
    found = bounded(ctx, "sync", able, measure, budget(ctx), **params)
    for name, values in found.items():
        ctx.record("sync", name, "time", "s", values, **params)
    return [one for one in proxies if one.name in found]


def family(proxies):
    return proxies[0].family if proxies else 4


# --- one endpoint -------------------------------------------------------------------------------------------------------------


class Overtaken(RuntimeError):
    """The agent's last change is not the one that was measured."""


def span(one, took, ended):
    """(begin, end) of the last change: beeline's agent says when its event arrived, a peer's program ended when change() did."""
    if hasattr(one, "status"):
        told = one.status()
        if told["last_change_ns"] != round(took * 1e9):
            raise Overtaken("another event reached the agent after the change, in every attempt")
        begin = told["last_change_at_ns"] / 1e9
        return begin, begin + told["last_change_ns"] / 1e9
    return ended - took, ended


def watch_change(one, index, after=lambda: None):
    """(seconds that change() tells, begin, end, the probes); `after` follows the change while the client still asks."""
    def action():
        took, ended = one.change(index), time.monotonic()
        after()
        return took, ended

    ours = hasattr(one, "status")
    (took, ended), _, _, probes = probe.watch(one, index, action, QUICK if ours else SLOW, pinned=ours)
    return took, *span(one, took, ended), probes


def change_once(one, n):
    """Away and back again, with a client watching; the figures of a round."""
    index, cleaned = n - 1, []

    def clean():  # kube-proxy makes conntrack forget the UDP flows to an endpoint that is gone
        one.rest()
        cleaned.append(time.monotonic())

    one.rest()
    away, _, gone, probes = watch_change(one, index, clean)
    misrouted = probe.stale(probes, 1, gone if hasattr(one, "status") else cleaned[0])
    one.rest()
    back, begin, end, probes = watch_change(one, index)
    first = probe.first_answer(probes, 1, begin)
    if first is None:
        raise Overtaken("the endpoint that came back did not answer before the client stopped, in any attempt")
    kernel = min(away, back)
    return {"kernel": kernel, "first-packet": first, "time": first if hasattr(one, "status") else kernel,
            "lost": probe.lost(probes, end, max(p.sent for p in probes)), "misrouted": misrouted}


def change_round(one, n, attempts=3):
    """change_once(), again where what was seen cannot be told from something else."""
    for left in reversed(range(attempts)):
        try:
            return change_once(one, n)
        except Overtaken:
            if n - 1 in one.changed:
                one.change(n - 1)
            if not left:
                raise


def changes(ctx, standing, n):
    params = {"services": n, "family": family(standing)}
    found = bounded(ctx, "change", standing, lambda one: change_round(one, n), budget(ctx), **params)
    for name, rounds in found.items():
        for metric in ("time", "kernel", "first-packet"):
            ctx.record("change", name, metric, "s", [r[metric] for r in rounds], **params)
        for metric in ("lost", "misrouted"):
            ctx.record("outage", name, metric, "requests", [r[metric] for r in rounds], during="change", **params)


# --- everything ---------------------------------------------------------------------------------------------------------------


def resync(one, limit):
    """What writes everything anew, prepared; a function that does it and returns its seconds."""
    if hasattr(one, "rules"):
        text = one.rules.resync(one.programmed, one.live_endpoints(), one.changed)
        return lambda: one.rules.load(text, limit)
    return lambda: one.resync(limit)


def resync_once(one, n, limit):
    one.rest()
    action = resync(one, limit)
    took, begin, end, probes = probe.watch(one, n - 1, action, SLOW)
    return {"time": took, "lost": probe.lost(probes, begin, end), "longest": probe.longest_gap(probes, begin, end)}


def resyncs(ctx, standing, n):
    params = {"services": n, "family": family(standing)}
    limit = 2 * ctx.args.limit
    able = [one for one in standing if hasattr(one, "rules") or hasattr(one, "resync")]
    found = bounded(ctx, "resync", able, lambda one: resync_once(one, n, limit), budget(ctx), **params)
    for name, rounds in found.items():
        ctx.record("resync", name, "time", "s", [r["time"] for r in rounds], **params)
        ctx.record("outage", name, "lost", "requests", [r["lost"] for r in rounds], during="resync", **params)
        ctx.record("outage", name, "longest", "s", [r["longest"] for r in rounds], during="resync", **params)
