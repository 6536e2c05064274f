# SPDX-License-Identifier: Apache-2.0
"""Records as tables: one a row of the bench, metric and setting, candidates down, sizes across. What terminal, Markdown and HTML show.
"""
import statistics

from run import records as rec

ORDER = ("direct", "routed", "beeline", "iptables-legacy", "iptables-nft", "nftables", "kube-proxy-iptables", "kube-proxy-nftables",
         "kube-proxy-ipvs")
PLAIN = (("family", 4), ("proto", "tcp"), ("proto", "udp"), ("size", 64))  # what goes without saying in a title
AXES = ("services", "flows", "policies", "streams", "depth")  # a param that runs across, the first that a record has

# Rows in the order of a report: their name for a reader, and the metrics that are shown first (None: all).
ROWS = {
    "crr": ("Connect, request, response, close (TCP)", ("p1", "p50", "p99")),
    "connect": ("Connect (TCP)", ("p1", "p50", "p99")),
    "rr": ("Request and response on an open connection (TCP)", ("p1", "p50", "p99")),
    "udp-rr": ("Request and response (UDP)", ("p1", "p50", "p99")),
    "stream": ("TCP streams", None),
    "pps": ("UDP packets a second", None),
    "change": ("One endpoint of N Services changed", None),
    "sync": ("Full programming from nothing", None),
    "resync": ("Full programming once more", None),
    "outage": ("While a change happens: lost or misrouted", None),
    "memory": ("Memory", None),
    "packet": ("Packet cost", None),
    "policy": ("Connect, request, response, close beside NetworkPolicies", ("programming", "p1", "p50")),
    "north-south": ("North-south", None),
}


PACKET = {"time": "Time a packet, by BPF_PROG_TEST_RUN, with the driver that restores its headers", "net": "The same above the driver with an empty program",
          "times_empty": "In times of an empty program, the driver's cost taken off", "instructions": "Instructions a packet",
          "compile": "Instructions of the agent's compile step, by callgrind"}


LATENCIES = ("crr", "connect", "rr", "udp-rr")


def order(name):
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


class Table:
    """title, row, metric, unit, axis (None: no sizes), fixed ({param: value}), columns, lines: [(candidate, {column: spread})]."""

    def __init__(self, row, metric, unit, axis, fixed, found):
        self.row, self.metric, self.unit, self.axis, self.fixed = row, metric, unit, axis, fixed
        self.columns = sorted({r["params"].get(axis) for r in found if axis}, key=lambda v: (isinstance(v, str), v)) or [None]
        names = sorted({r["candidate"] for r in found}, key=order)
        self.lines = [(n, {r["params"].get(axis) if axis else None: rec.spread(r["rounds"]) for r in found if r["candidate"] == n})
                      for n in names]

    @property
    def title(self):
        extra = rec.params_text({k: v for k, v in self.fixed.items() if (k, v) not in PLAIN})
        extra = extra.replace("which last", "last Service").replace("which first", "first Service").replace("which middle", "middle Service")
        return f"{ROWS.get(self.row, (self.row,))[0]}: {self.metric}{', ' + extra if extra else ''}"


def axis_of(found):
    return next((a for a in AXES if any(a in r["params"] for r in found)), None)


def tables(records, row, metrics=None, **only):
    """A row's tables, in the order of `metrics` (None: as recorded). `only` keeps records whose params are these, where they have them."""
    mine = [r for r in records if r["row"] == row and all(r["params"].get(k, v) == v for k, v in only.items())]
    groups = {}
    axis = axis_of(mine)
    for r in mine:
        fixed = tuple(sorted((k, v) for k, v in r["params"].items() if k != axis))
        groups.setdefault((r["metric"], fixed, r["unit"]), []).append(r)
    listed = list(metrics) if metrics else []
    found = [Table(row, metric, unit, axis, dict(fixed), rs) for (metric, fixed, unit), rs in groups.items()
             if not metrics or metric in metrics]
    return sorted(found, key=lambda t: listed.index(t.metric) if listed else 0)


def packet_name(params):
    """A packet's way, for a reader."""
    family = f"IPv{params['family']} " if "family" in params else ""
    return f"{family}{params['what']}" + (f", {params['flows']:,} flows" if params.get("flows", 1) > 1 else "")


def rows_of(records):
    """The rows that have records, known ones first."""
    there = {r["row"] for r in records}
    return [r for r in ROWS if r in there] + sorted(there - set(ROWS))


SCALES = {"ns": ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")), "s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")),
          "bytes": ((2 ** 30, "GiB"), (2 ** 20, "MiB"), (2 ** 10, "KiB"), (1, "B"))}
MANY = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))


def value(v, unit):
    """A value in the unit that a reader counts in: 1500 ns is 1.5 µs, 8930 ns/packet is 8.93 µs/packet."""
    head, slash, per = unit.partition("/")
    scale = SCALES.get(head, MANY)
    size, name = next(((s, n) for s, n in scale if abs(v) >= s * 0.9995), scale[-1])
    if scale is MANY:
        name += "" if head == "1" else head
    return f"{digits(v / size)} {name}{slash}{per}".strip()


def digits(v):
    """Three that matter, plainly."""
    if v == 0:
        return "0"
    if abs(v) >= 99.95:
        return f"{v:,.0f}"
    return f"{v:.1f}" if abs(v) >= 9.995 else f"{v:.3g}"


def column(name, v):
    return "" if v is None else f"{v:,} {name}" if isinstance(v, int) else f"{name} {v}"


def noise(records):
    """How much raw veth itself moves in this run: [(row, params, p1's least, median and most over the rounds, spread in percent)]."""
    found = []
    for r in records:
        if r["candidate"] == "direct" and r["metric"] in ("p1", "p50", "goodput", "rate") and len(r["rounds"]) > 1:
            s = rec.spread(r["rounds"])
            if s["median"]:
                found.append({"row": r["row"], "metric": r["metric"], "unit": r["unit"], "params": r["params"], **s,
                              "percent": 100 * (s["max"] - s["min"]) / s["median"],
                              "quartiles": _quartiles(r["rounds"], s["median"])})
    return found


def _quartiles(values, middle):
    """Half of the rounds lie within so many percent of each other."""
    if len(values) < 4:
        return None
    cuts = statistics.quantiles(values, n=4)
    return 100 * (cuts[2] - cuts[0]) / middle
