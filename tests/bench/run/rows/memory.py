# SPDX-License-Identifier: Apache-2.0
"""Row memory: bytes by the number of Services.

agent     resident in the agent. The peers have none here: kube-proxy itself is a candidate of its own where it is given.
kernel    behind rules or maps. beeline: the memory of its BPF maps and programs as the kernel tells it (fdinfo); maps are made at full
          size, so it does not grow with Services. Peers: what the kernel charges to a memory cgroup in which the program runs
          that loads their rules. Where that cannot be had the report says so; nothing is estimated.
"""
from run import memcg, rules
from run.base import TooSlow
from run.sizes import bring


def run(ctx):
    for n in ctx.args.sizes:
        for one in (c for c in ctx.candidates if c.proxies):
            ctx.progress(f"memory: {one.name}, {n:,} Services")
            params = {"services": n, "family": one.family}
            try:
                loading(ctx, one, n, params) if hasattr(one, "rules") else standing(ctx, one, n, params)
            except Exception as err:  # the others go on
                ctx.trouble("memory", one, err, **params)


def standing(ctx, one, n, params):
    """Of one that can say what it has."""
    if not bring(ctx, "memory", one, n):
        return
    told = one.memory()
    for metric, key in (("agent", "agent_rss"), ("kernel", "kernel")):
        if told[key] is None:
            ctx.skip("memory", one, f"{metric}: {told['source']}", **params)
        else:
            ctx.record("memory", one, metric, "bytes", [told[key]], **params)


def loading(ctx, one, n, params):
    """Of rules, while they are loaded anew."""
    if n >= getattr(one, "too_slow", (n + 1,))[0]:
        bring(ctx, "memory", one, n)  # says why not
        return
    one.clear()
    text = one.rules.full(n, one.live_endpoints())
    with memcg.group(one.name) as group:
        before = group.kernel()
        try:
            rules.load(group.command(*rules.restore(one.rules.kind, one.family)), one.rules.netns, text, ctx.args.limit)
        except TooSlow as err:
            one.too_slow = (n, str(err))
            one.clear()
            raise
        ctx.record("memory", one, "kernel", "bytes", [max(0, group.kernel() - before)], **params)
    one.programmed = n
