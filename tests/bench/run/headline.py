# SPDX-License-Identifier: Apache-2.0
"""The ratios that beeline is held to, from the records of one run.

Each is the median of ratios that were computed round by round, with least and most and the bar. What was not measured has no number: its key
is absent from headline(), and its detail says why.
"""
from fractions import Fraction

from run import records as rec
from run import stats

LAST = {"which": "last", "family": 4, "proto": "tcp"}


class Missing(Exception):
    """What is not there, for a reader."""


def need(records, row, metric, candidate, **params):
    found = rec.one(records, row, metric, candidate, **params)
    if not found:
        raise Missing(f"no record of {row} {metric} for {candidate} with {rec.params_text(params)}")
    return found["rounds"]


def crr(records, candidate, services):
    return need(records, "crr", "p1", candidate, services=services, **LAST)


def limit(records, services):
    """Direct's rounds beside this size. It knows no Services: where it was measured once for all sizes, that one holds."""
    for wanted in ({"services": services}, {"services": 0}, {}):
        found = [r for r in rec.find(records, "crr", "p1", "direct", family=4, **wanted) if "services" not in r["params"] or wanted]
        if found:
            return found[0]["rounds"]
    raise Missing(f"no record of crr p1 for direct beside {services:,} Services")


def overhead(peer, services):
    def work(records):
        ours, theirs, floor = crr(records, "beeline", services), crr(records, peer, services), limit(records, services)
        good = stats.overhead_ratios(ours, theirs, floor)
        if not good:
            raise Missing(f"{peer} is never above direct at {services:,} Services: no overhead to compare with")
        return {**rec.spread(good), "rounds_without_overhead": min(map(len, (ours, theirs, floor))) - len(good)}
    return work


def growth(records):
    many, few = crr(records, "beeline", 50000), crr(records, "beeline", 10)
    detail = rec.spread(rec.ratios(many, few))
    try:
        drift = rec.ratios(limit(records, 50000), limit(records, 10))
        detail["adjusted"] = rec.spread([r / d for r, d in zip(rec.ratios(many, few), drift)])
    except Missing as gap:
        detail["adjusted"] = {"reason": str(gap)}
    return detail


def plain(row, metric, peer, **params):
    def work(records):
        pairs = rec.ratios(need(records, row, metric, "beeline", **params), need(records, row, metric, peer, **params))
        if not pairs:
            raise Missing(f"{row} {metric} of {peer} is zero in every round")
        return rec.spread(pairs)
    return work


# key: what it says, the bar, how it is computed. `<=` and `>=` as the bar's first word.
RATIOS = {
    "crr_overhead_vs_iptables_10": (
        "connect, request, response, close: time above direct veth, beeline / iptables, 10 Services", "<= 0.30",
        overhead("iptables-legacy", 10)),
    "crr_overhead_vs_iptables_10000": (
        "the same with 10,000 Services", "<= 0.08", overhead("iptables-legacy", 10000)),
    "crr_overhead_vs_nft_1000": (
        "the same, beeline / nftables, 1,000 Services", "<= 0.30", overhead("nftables", 1000)),
    "crr_50000_vs_10": ("connect, request, response, close: beeline at 50,000 Services / at 10", "<= 1.05", growth),
    "stream_vs_iptables": ("one TCP stream on one core: goodput, beeline / iptables", ">= 1.10",
                           plain("stream", "goodput", "iptables-legacy", streams=1)),
    "stream_vs_direct": ("one TCP stream on one core: goodput, beeline / direct veth", ">= 0.98",
                         plain("stream", "goodput", "direct", streams=1)),
    "change_vs_nft": ("one endpoint changed, 10,000 Services: beeline, event to first packet / nftables' transaction", "<= 1/100",
                      plain("change", "time", "nftables", services=10000)),
    "change_vs_iptables": ("the same / iptables' partial restore", "<= 1/300",
                           plain("change", "time", "iptables-legacy", services=10000)),
    "sync_vs_iptables": ("10,000 Services programmed from nothing, beeline / iptables' full restore", "<= 1/30",
                         plain("sync", "time", "iptables-legacy", services=10000)),
    "sync_vs_nft": ("the same / nftables' transaction", "<= 1/150",
                    plain("sync", "time", "nftables", services=10000)),
}


def bar_of(bar):
    """"<= 1/300" -> (whether less is better, 0.00333)."""
    word, number = bar.split()
    return word == "<=", float(Fraction(number))


def met(value, bar):
    less, number = bar_of(bar)
    return value <= number if less else value >= number


def detail(records):
    """{key: {"what", "bar", "median", "min", "max", "rounds", "met"}}; unmeasured: median and met None, and "reason"."""
    found = {}
    for name, (what, bar, work) in RATIOS.items():
        try:
            numbers = work(records)
            found[name] = {"what": what, "bar": bar, **numbers, "met": met(numbers["median"], bar)}
        except Missing as gap:
            found[name] = {"what": what, "bar": bar, "median": None, "min": None, "max": None, "rounds": 0, "met": None,
                           "reason": str(gap)}
    return found


def headline(details):
    """{key: number}, of what was measured."""
    return {name: d["median"] for name, d in details.items() if d["median"] is not None}
