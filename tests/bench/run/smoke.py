# SPDX-License-Identifier: Apache-2.0
"""What a smoke run must have counted: every row for every candidate that has it, each figure plausible. Never how fast."""
from run import views

# What may be nothing at all without anything being wrong.
MAY_BE_ZERO = {"outage": None, "memory": None, "policy": {"errors"}, "pps": {"lost"}, "north-south": {"lost"}, "packet": {"net"}}


def zero_allowed(record):
    allowed = MAY_BE_ZERO.get(record["row"], set())
    return allowed is None or record["metric"] in allowed


def wrong(record):
    """What is implausible about a record; "" for nothing."""
    if any(v < 0 for v in record["rounds"]):
        return "negative"
    if not zero_allowed(record) and not all(v > 0 for v in record["rounds"]):
        return "nothing counted"
    return ""


def percentiles(records, row):
    """Where a percentile is below a lower one."""
    groups = {}
    for r in records:
        if r["row"] == row and r["metric"] in ("p1", "p50", "p90", "p99", "p999"):
            key = r["candidate"], tuple(sorted((k, str(v)) for k, v in r["params"].items()))
            groups.setdefault(key, {})[r["metric"]] = r["rounds"]
    return [f"{who}: {low} above {high}" for (who, _), found in groups.items()
            for low, high in zip(("p1", "p50", "p90", "p99"), ("p50", "p90", "p99", "p999"))
            if low in found and high in found and any(a > b for a, b in zip(found[low], found[high]))]


def faults(report, row):
    found = [f"{r['candidate']} {r['metric']} {r['params']}: {wrong(r)}: {r['rounds']}" for r in report["records"]
             if r["row"] == row and wrong(r)]
    found += percentiles(report["records"], row)
    found += [f"{f['candidate']}: {f['reason']}" for f in report["failures"] if f["wrong"] and f["row"] == row]
    here = {r["row"] for r in report["records"]} | {f["row"] for f in report["failures"]}
    return found if row in here else [*found, "measured nothing"]


def judge(report, expected=tuple(views.ROWS)):
    """A line a row, then the count; what a process exits with."""
    asked = report["meta"].get("rows") or expected
    bad = 0
    for row in asked:
        found = faults(report, row)
        bad += bool(found)
        print(f"{'FAIL' if found else 'ok  '} bench {row} ({sum(r['row'] == row for r in report['records'])} figures)")
        for line in found:
            print(f"    {line}")
    others = [f for f in report["failures"] if f["wrong"] and f["row"] not in asked]
    for f in others:
        print(f"FAIL bench {f['row']}\n    {f['candidate']}: {f['reason']}")
    bad += len(others)
    print(f"bench: {len(asked) - (bad - len(others))} passed, {bad} failed")
    return 1 if bad else 0
