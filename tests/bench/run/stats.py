# SPDX-License-Identifier: Apache-2.0
"""What one value a round says: round against round, above the limit, and how much of it is the machine's noise.

A machine's speed drifts between minutes by more than candidates differ, so that nothing is compared but values of the same round, and what is
quoted is the median of those comparisons with the least and the most of them. Histograms of several rounds are laid on each other
for percentiles that one round has too few operations for.
"""
import math
import statistics

POINTS = {"p1": 0.01, "p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


def spread(values):
    """{"median", "min", "max", "rounds"}."""
    values = list(values)
    if not values:
        raise ValueError("no rounds")
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def ratios(ours, theirs):
    """Round by round ours / theirs; a round in which theirs is nothing says nothing."""
    return [a / b for a, b in zip(ours, theirs) if b]


def overheads(values, floor):
    """Round by round what is above the limit's value of the same round."""
    return [v - f for v, f in zip(values, floor)]


def overhead_ratios(ours, theirs, floor):
    """Round by round (ours - limit) / (theirs - limit); a round in which theirs is not above the limit says nothing."""
    pairs = zip(overheads(ours, floor), overheads(theirs, floor))
    return [a / b for a, b in pairs if b > 0]


def noise(limit):
    """How far the limit's own rounds lie apart, as a share of their median: {"whole": (max - min) / median, "half": the middle
    half of them, likewise}."""
    values = sorted(limit)
    middle = statistics.median(values)
    if not middle:
        raise ValueError("the limit's median is nothing")
    low, high = math.floor((len(values) - 1) / 4), math.ceil((len(values) - 1) * 3 / 4)
    return {"whole": (values[-1] - values[0]) / middle, "half": (values[high] - values[low]) / middle}


def merge(histograms):
    """One list of buckets [[low, width, count], ...], ascending, from those of several runs."""
    counts = {}
    for buckets in histograms:
        for low, width, count in buckets:
            counts[low, width] = counts.get((low, width), 0) + count
    return [[low, width, count] for (low, width), count in sorted(counts.items())]


def percentile(buckets, share):
    """The value at a share of 0 to 1 of buckets in ascending order, interpolated inside its bucket."""
    total = sum(count for _, _, count in buckets)
    if not total:
        raise ValueError("an empty histogram")
    before = 0
    for low, width, count in buckets:
        if before + count >= share * total:
            return low + width * max(0, share * total - before) / count
        before += count
    return buckets[-1][0] + buckets[-1][1]
