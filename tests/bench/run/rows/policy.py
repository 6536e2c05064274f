# SPDX-License-Identifier: Apache-2.0
"""Row policy: connect, request, response, close to a pod that NetworkPolicies select, by how many policies there are.

`selecting` of them select the server and the last of these alone lets the client in; the others select other pods. Peers have them as
iptables rules and ipsets (policyrules.py); none is nobody's policy, the same candidates without. The time to program them from nothing is a
figure of its own. A candidate that enforces policies itself has a method policies(n, selecting, limit_s) that returns the seconds.
"""
from run import drive, policyrules, stats, world
from run.base import TooSlow, Unavailable

COUNTS = {"smoke": [0, 10], "quick": [0, 100, 1000], "full": [0, 10, 100, 1000, 10000]}
SELECTING = 10
PEERS = ("iptables-legacy", "iptables-nft")


def selections(mode, n):
    """[(name, how many)]: which of n policies select the server: a few, as on a node; in a full run all of them too, which is the worst."""
    return [(f"at most {SELECTING}", min(n, SELECTING))] + ([("all", n)] if mode == "full" and SELECTING < n <= 1000 else [])


def program(one, n, selecting, limit_s):
    """Seconds; Unavailable where the candidate enforces none."""
    if one.name in PEERS:
        rules = policyrules.PolicyRules(one.name, one.node_ns, one.family)
        return rules.program(n, one.server_address(), world.CLIENT[one.family], one.server_ports[0], limit_s, selecting)
    if hasattr(one, "policies"):
        return one.policies(n, selecting, limit_s)
    if n:
        raise Unavailable("NetworkPolicy is not enforced yet")
    return 0.0


def prepare(ctx, standing, n, selecting, name):
    """Those that now have n policies; what programming cost is recorded."""
    found = []
    for one in standing:
        if not one.proxies:
            found += [] if n else [one]
            continue
        ctx.progress(f"policy: {one.name}: {n:,} policies")
        try:
            took = program(one, n, selecting, ctx.args.limit)
        except (TooSlow, Unavailable) as err:
            ctx.skip("policy", one, err, **({"policies": n} if isinstance(err, TooSlow) else {}))
            continue
        except Exception as err:  # the others go on
            ctx.trouble("policy", one, err, policies=n)
            continue
        if n:
            ctx.record("policy", one, "programming", "s", [took], policies=n, selecting=name, family=one.family)
        found.append(one)
    return found


def measure(ctx, standing, n, selecting):
    ops = 100 if ctx.args.smoke else 2000

    def once(one):
        one.rest()
        return drive.latency(one, one.server_address(), one.server_ports[0], "crr", ops)

    for name, turns in ctx.interleave("policy", standing, once, min(ctx.args.rounds, 7), policies=n, selecting=selecting).items():
        for metric in stats.POINTS:
            ctx.record("policy", name, metric, "ns", [t[metric] for t in turns], policies=n, selecting=selecting, family=ctx.args.family)


def take_away(ctx, standing):
    """The peers' filter tables are as they were: without anything of policies, and without Services."""
    for one in standing:
        try:
            if one.name in PEERS:
                policyrules.PolicyRules(one.name, one.node_ns, one.family).clear()
                one.clear()
            elif hasattr(one, "policies"):
                one.policies(0, 0, ctx.args.limit)
        except Exception as err:  # the others are cleared all the same
            ctx.trouble("policy", one, err)


def run(ctx):
    with drive.serving(ctx, "policy") as serving:
        standing = [one for one in serving if not one.proxies or one.name in PEERS or hasattr(one, "lab")]
        try:
            for n in COUNTS[ctx.args.mode]:
                for selecting, count in selections(ctx.args.mode, n):
                    measure(ctx, prepare(ctx, standing, n, count, selecting), n, selecting)
        finally:
            take_away(ctx, standing)
