# SPDX-License-Identifier: Apache-2.0
"""Records: one measured quantity of one candidate, a value a round; how they are found and set against each other.

Nothing here knows what a row means, only which way is better: what happens per second is better when it is more, all else (time, bytes,
instructions, lost packets) when it is less.
"""
import statistics

from run.stats import ratios, spread  # noqa: F401

LIMITS = ("direct", "routed")  # no proxy: what the machine can do at all


def make(row, candidate, metric, unit, rounds, params):
    """A record; `rounds` holds a value a round and at least one."""
    values = [float(v) for v in rounds]
    if not values or any(v != v or v in (float("inf"), float("-inf")) for v in values):
        raise ValueError(f"{row} {candidate} {metric}: not a list of finite numbers: {rounds!r}")
    return {"row": row, "candidate": candidate, "metric": metric, "unit": unit, "rounds": values, "params": dict(params)}


def more_is_better(unit):
    return unit.endswith("/s")


def median(record):
    return statistics.median(record["rounds"])


def key(record):
    """What two candidates' records must share to be comparable."""
    return record["row"], record["metric"], tuple(sorted((k, str(v)) for k, v in record["params"].items()))


def find(records, row, metric, candidate=None, **params):
    """Every record of that row and metric whose params hold at least these."""
    return [r for r in records if r["row"] == row and r["metric"] == metric and candidate in (None, r["candidate"])
            and all(r["params"].get(k) == v for k, v in params.items())]


def one(records, row, metric, candidate, **params):
    """The one record, or None where there is none."""
    found = find(records, row, metric, candidate, **params)
    return found[0] if found else None


def params_text(params):
    """{"services": 10, "which": "last"} -> "services 10, which last"."""
    return ", ".join(f"{k} {v:,}" if isinstance(v, int) else f"{k} {v}" for k, v in sorted(params.items()))


def of_row(records, row):
    return [r for r in records if r["row"] == row]


def compared(records, ours="beeline"):
    """How many figures of peers have one of ours beside them."""
    mine = {key(r) for r in records if r["candidate"] == ours}
    return sum(r["candidate"] not in (*LIMITS, ours) and key(r) in mine for r in records)


def losses(records, ours="beeline"):
    """Each comparison in which another candidate's median of per-round ratios is better than ours, worst first.

    A comparison is {"row", "metric", "unit", "params", "peer", "limit", "ours", "theirs", "ratio": {median, min, max, rounds},
    "clear"}: ratio is how many times worse we are; clear says that it was so in every round."""
    mine = {key(r): r for r in records if r["candidate"] == ours}
    found = []
    for r in records:
        own = mine.get(key(r))
        if r["candidate"] == ours or own is None:
            continue
        up = more_is_better(r["unit"])
        pair = ratios(r["rounds"], own["rounds"]) if up else ratios(own["rounds"], r["rounds"])
        if not pair or statistics.median(pair) <= 1:
            continue
        found.append({"row": r["row"], "metric": r["metric"], "unit": r["unit"], "params": r["params"], "peer": r["candidate"],
                      "limit": r["candidate"] in LIMITS, "ours": median(own), "theirs": median(r), "ratio": spread(pair),
                      "clear": min(pair) > 1})
    return sorted(found, key=lambda f: -f["ratio"]["median"])
