# SPDX-License-Identifier: Apache-2.0
"""report.html: one file without network or script, for readers who doubt.

What is met and what is missed, what beeline loses and what was not measured come first; charts follow, each with its numbers as a table behind
it; method and machine at the end, so that the run can be repeated.
"""
import os
from html import escape

from run import records as rec
from run import headline, svg, table, views

HERE = os.path.dirname(os.path.abspath(__file__))

METHOD = (
    "All candidates stand at once, each in network namespaces of its own, with the same client and server programs, the same addresses and the same "
    "sysctls; what differs is what the node in the middle does with a packet.",
    "Rounds are interleaved (A B C A B C), because machines drift. A figure is the median over the rounds; whiskers and brackets are the least and "
    "the most round. A ratio is computed inside each round, and its median is quoted.",
    "Client and server share one CPU: across two, the wake-ups would drown what is measured. For latencies the first percentile is quoted, as it "
    "repeats best, and overheads are what is above raw veth (direct) in the same round; all percentiles are in the tables.",
    "Peers get exactly the rules that kube-proxy 1.36 writes, in its form and order, loaded the way it loads them: iptables-restore --noflush and "
    "one nft transaction. What kube-proxy itself adds on top (listing tables, its own computation) is not charged to them. beeline is the real agent, "
    "fed by its API server over a real watch.",
    "direct is veth between client and server with nothing between; routed is a node that forwards without any rule. Both are limits, not peers.",
)


def page(report):
    with open(os.path.join(HERE, "page.css")) as f:
        css = f.read()
    sections = [("headline", "Headline", _headline(report)), ("losses", "What beeline loses", _losses(report)),
                ("gaps", "Not run, and gone wrong", _failures(report))]
    sections += [(row, views.ROWS.get(row, (row,))[0], _row(report["records"], row)) for row in views.rows_of(report["records"])]
    sections += [("noise", "Noise of this machine", _noise(report["records"])), ("method", "Method", _method()),
                 ("machine", "Machine and commands", _machine(report["meta"])), ("all", "All figures", _all(report["records"]))]
    nav = "".join(f'<a href="#{ident}">{escape(name)}</a>' for ident, name, _ in sections)
    body = "".join(f'<section aria-labelledby="{ident}"><h2 id="{ident}">{escape(name)}</h2>{text}</section>' for ident, name, text in sections)
    m = report["meta"]
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>beeline bench, {escape(m["date"])}</title><style>{css}</style></head><body><main><header><h1>beeline beside iptables and nftables</h1>'
            f'<p class="soft">{escape(_where(m))}</p>{_tally(report["headline_detail"])}<nav aria-label="Sections">{nav}</nav></header>'
            f'{body}</main></body></html>\n')


def _where(m):
    virtual = "" if m["virtual"] in ("no", "none") else ", virtual machine"
    return (f"{m['date']} · commit {m['commit']} · {m['mode']} run of {m['seconds']:.0f} s, {m['rounds']} round{'s' * (m['rounds'] != 1)} · {m['cpu']}, {m['cpus']} CPUs{virtual} · "
            f"kernel {m['kernel'].split()[0]}")


def _tally(details):
    met = [d["met"] for d in details.values()]
    kinds = (("met", "bars met", met.count(True)), ("missed", "missed", met.count(False)), ("none", "not measured", met.count(None)))
    return '<ul class="tally">' + "".join(f'<li class="{cls}"><b>{n}</b>{word}</li>' for cls, word, n in kinds) + "</ul>"


def grid(head, lines, text_columns=1, ours=True):
    """A table whose cells are HTML already; all but the first columns are numbers."""
    def cls(i):
        return "" if i < text_columns else ' class="n"'
    out = "<tr>" + "".join(f'<th scope="col"{cls(i)}>{h}</th>' for i, h in enumerate(head)) + "</tr>"
    for row in lines:
        mine = ' class="ours"' if ours and row[0] == "beeline" else ""
        out += f"<tr{mine}>" + "".join(f"<td{cls(i)}>{c}</td>" for i, c in enumerate(row)) + "</tr>"
    return f'<div class="scroll"><table>{out}</table></div>'


# --- first what counts ----------------------------------------------------------------------------------------------------


def _headline(report):
    lines = []
    for key, d in report["headline_detail"].items():
        state = "none" if d["met"] is None else "met" if d["met"] else "missed"
        tag = f'<span class="tag {state}">{"not measured" if d["met"] is None else "met" if d["met"] else "not met"}</span>'
        if d["median"] is None:
            lines.append([f'<code>{key}</code><small>{escape(d["what"])}</small>', tag, f'<small>{escape(d["reason"])}</small>', "", "", escape(d["bar"])])
            continue
        less, bar = headline.bar_of(d["bar"])
        name = f"{key}: median {d['median']:.3g}, from {d['min']:.3g} to {d['max']:.3g}, bar {d['bar']}"
        gauge = svg.gauge(f"g-{key}", name, d["median"], d["min"], d["max"], bar, less)
        lines.append([f'<code>{key}</code><small>{escape(d["what"])}{_aside(d)}</small>', tag, gauge, f"<b>{table.ratio(d['median'])}</b>",
                      f"{table.ratio(d['min'])} to {table.ratio(d['max'])}", escape(d["bar"])])
    return ("<p>Medians of ratios that were computed round by round, with least and most. The dashed line is 1, the same as the peer; the green "
            "side of the green line meets the bar. The axis is logarithmic from 0.001 to 10.</p>"
            + grid(["ratio", "", "", "median", "least to most", "bar"], lines, text_columns=3, ours=False))


def _aside(d):
    more = d.get("adjusted")
    if more and "median" in more:
        return escape(f" With direct's own drift taken off: {more['median']:.3f} ({more['min']:.3f} to {more['max']:.3f}).")
    odd = d.get("rounds_without_overhead")
    return f" In {odd} rounds the peer was not above direct: left out." if odd else ""


def _losses(report):
    lost = [one for one in report["losses"] if not one["limit"]]
    limits = [one for one in report["losses"] if one["limit"]]
    compared = rec.compared(report["records"])
    text = (f"<p>Computed: every figure in which a peer's median of per-round ratios is better than beeline's, worst first. "
            f"{len(lost)} of {compared} comparisons.</p>")
    text += _loss_table(lost) if lost else "<p>None in this run.</p>"
    return text + (f"<details><summary>Beside the limits, which do no Service's work: {len(limits)} figures</summary>{_loss_table(limits)}</details>" if limits else "")


def _loss_table(lost):
    return grid(["what", "setting", "who", "theirs", "beeline", "times worse", "least to most", "every round"], [
        [f"{escape(one['row'])} {escape(one['metric'])}", escape(rec.params_text(one["params"])), escape(one["peer"]), views.value(one["theirs"], one["unit"]),
         views.value(one["ours"], one["unit"]), f"{one['ratio']['median']:.2f}", f"{one['ratio']['min']:.2f} to {one['ratio']['max']:.2f}",
         "yes" if one["clear"] else "no"] for one in lost], text_columns=3, ours=False)


def _failures(report):
    if not report["failures"]:
        return "<p>Everything ran.</p>"
    return grid(["row", "candidate", "setting", "why", ""], [
        [escape(f["row"]), escape(f["candidate"]), escape(rec.params_text(f["params"])), escape(f["reason"]),
         '<span class="tag missed">failed</span>' if f["wrong"] else '<span class="tag none">not run</span>'] for f in report["failures"]],
        text_columns=5, ours=False)


# --- a row's charts -------------------------------------------------------------------------------------------------------


def figure(title, chart, caption, data=""):
    return f'<figure><h3>{escape(title)}</h3>{chart}<figcaption>{escape(caption)}</figcaption>{data}</figure>'


def numbers(one):
    head, lines = table.cells(one, True)
    return f"<details><summary>Numbers</summary>{grid([escape(h) for h in head], [[escape(c) for c in row] for row in lines])}</details>"


def describe(one):
    """What somebody hears who does not see the chart: each candidate's first and last value."""
    words = []
    for name, found in one.lines:
        ends = [views.value(found[c]["median"], one.unit) for c in one.columns if c in found]
        words.append(f"{name} {ends[0]}" + (f" to {ends[-1]}" if len(ends) > 1 else ""))
    return "; ".join(words)


def chart(one, ident):
    """Lines over the sizes; bars where there is one size."""
    def show(v):
        return views.value(v, one.unit)
    numeric = one.axis and all(isinstance(c, (int, float)) for c in one.columns)
    names = {c: f"{c:,}" for c in one.columns} if numeric and min(one.columns) <= 0 else None  # zero is on no logarithmic axis
    if numeric and len(one.columns) > 1:
        series = [(n, [(c, s["median"], s["min"], s["max"]) for c, s in found.items()]) for n, found in one.lines]
        return svg.lines(ident, one.title, describe(one), series, one.axis, one.unit, show, x_names=names)
    rows = [(n if c is None or len(one.columns) == 1 else f"{n}, {views.column(one.axis, c)}", n, s["median"], s["min"], s["max"])
            for c in one.columns for n, found in one.lines for k, s in found.items() if k == c]
    return svg.bars(ident, one.title, describe(one), rows, views.column(one.axis, one.columns[0]) if len(one.columns) == 1 else one.unit, show)


def _row(records, row):
    if row == "packet":
        return _packet(records)
    metrics = views.ROWS.get(row, (row, None))[1]
    if row in views.LATENCIES:
        return _latency(records, row)
    better = "More is better for what happens per second; less for all else. "
    figures = [figure(one.title, chart(one, f"c-{row}-{i}"), f"{better if not i else ''}Whiskers: least and most round.", numbers(one))
               for i, one in enumerate(views.tables(records, row, metrics)) if any(s["max"] > 0 for _, found in one.lines for s in found.values())]
    none = [one.title for one in views.tables(records, row, metrics) if all(s["max"] == 0 for _, found in one.lines for s in found.values())]
    return (f'<div class="charts">{"".join(figures)}</div>'
            + "".join(f"<p>{escape(t)}: zero for every candidate in every round.</p>" for t in none))


def _latency(records, row):
    figures = [figure(one.title, chart(one, f"c-{row}-{i}"), "Both axes are logarithmic. Whiskers: least and most round.", numbers(one))
               for i, one in enumerate(views.tables(records, row, ("p1", "p50"), which="last"))]
    figures += _percentiles(records, row)
    return f'<div class="charts">{"".join(figures)}</div>'


STEPS = (("p1", "1 %"), ("p50", "50 %"), ("p90", "90 %"), ("p99", "99 %"), ("p999", "99.9 %"))


def _percentiles(records, row):
    """The distribution at the least size, and at the greatest that is measured for more than the limits."""
    sizes = sorted({r["params"].get("services") for r in records if r["row"] == row and r["candidate"] not in rec.LIMITS
                    and r["params"].get("services")})
    out = []
    for size in sorted({*sizes[:1], *sizes[-1:]}):
        series = []
        for name in sorted({r["candidate"] for r in records if r["row"] == row}, key=views.order):
            found = [(i, rec.one(records, row, metric, name, services=size, which="last")) for i, (metric, _) in enumerate(STEPS)]
            points = [(i, rec.median(r), min(r["rounds"]), max(r["rounds"])) for i, r in found if r]
            if points:
                series.append((name, points))
        title = f"{views.ROWS[row][0]}: the distribution at {size:,} Services"
        drawn = svg.lines(f"d-{row}-{size}", title, "Percentiles of each candidate", series, "share of operations that were faster", "time",
                          lambda v: views.value(v, "ns"), x_names={i: name for i, (_, name) in enumerate(STEPS)})
        out.append(figure(title, drawn, "The tail is the machine's more than anyone's: differences of less than a factor of two at 99 % say nothing."))
    return out


def _packet(records):
    out = []
    groups = {}
    for r in rec.of_row(records, "packet"):
        groups.setdefault((r["metric"], r["unit"]), []).append(r)
    for i, ((metric, unit), rs) in enumerate(groups.items()):
        rows = [(views.packet_name(r["params"]), r["candidate"], rec.median(r), min(r["rounds"]),
                 max(r["rounds"])) for r in rs]
        title = f"{metric}, {unit}"
        drawn = svg.bars(f"k-{i}", title, "; ".join(f"{r[0]} {views.value(r[2], unit)}" for r in rows), rows, title, lambda v, u=unit: views.value(v, u))
        out.append(figure(views.PACKET.get(metric, metric), drawn, "Median, least and most round."))
    return f'<div class="charts">{"".join(out)}</div>'


# --- the small print ------------------------------------------------------------------------------------------------------


def _noise(records):
    found = views.noise(records)
    if not found:
        return "<p>Raw veth was not measured over several rounds: nothing can be said about noise.</p>"
    worst = sorted(found, key=lambda n: -n["percent"])
    main = [n for n in found if n["metric"] in ("p1", "goodput")]
    text = (f"<p>The same measurement of raw veth, round after round: what moves here is the machine. First percentiles and goodput lie within "
            f"{max((n['percent'] for n in main), default=0):.0f} % from least to most round at worst; the worst of all is {worst[0]['percent']:.0f} % "
            f"({escape(worst[0]['row'])} {escape(worst[0]['metric'])}). A difference below that, in one round, says nothing.</p>")
    lines = [[f"{escape(n['row'])} {escape(n['metric'])}", escape(rec.params_text(n["params"])), views.value(n["median"], n["unit"]), views.value(n["min"], n["unit"]),
              views.value(n["max"], n["unit"]), f"{n['percent']:.1f} %", "-" if n["quartiles"] is None else f"{n['quartiles']:.1f} %"] for n in worst]
    return text + ("<details open><summary>direct, by row</summary>" if len(lines) < 16 else "<details><summary>direct, by row</summary>") + grid(
        ["row", "setting", "median", "least", "most", "least to most", "half of the rounds"], lines, text_columns=2, ours=False) + "</details>"


def _method():
    return "<ul>" + "".join(f"<li><p>{escape(m)}</p></li>" for m in METHOD) + "</ul><p>More, and how to repeat it: <code>docs/performance.md</code>.</p>"


def _machine(m):
    pairs = [("command", m["command"]), ("commit", m["commit"]), ("date", m["date"]), ("took", f"{m['seconds']:.0f} s"), ("kernel", m["kernel"]),
             ("CPU", f"{m['cpu']}, {m['cpus']} CPUs"), ("memory", f"{m['memory_mb']:,} MB" if m["memory_mb"] else "unknown"), ("virtual", m["virtual"]),
             ("governor", m["governor"]), ("load before", m["load"]), ("rounds", m["rounds"]), ("Services", ", ".join(f"{n:,}" for n in m["sizes"])),
             ("limit a size", f"{m['limit']:.0f} s")]
    pairs += [(f"mitigation {name}", state) for name, state in m["mitigations"].items()]
    pairs += [(f"version {name}", version) for name, version in m["tools"].items()]
    listed = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in pairs)
    return f"<dl>{listed}</dl>" + (f"<h3>Commands</h3><pre>{escape(chr(10).join(m['commands']))}</pre>" if m.get("commands") else "")


def _all(records):
    lines = [[escape(r["row"]), escape(r["candidate"]), escape(r["metric"]), escape(rec.params_text(r["params"])), escape(r["unit"]),
              f"{rec.median(r):.6g}", " ".join(f"{v:.6g}" for v in r["rounds"])] for r in records]
    return f"<details><summary>{len(lines)} records, a value a round</summary>" + grid(
        ["row", "candidate", "metric", "setting", "unit", "median", "rounds"], lines, text_columns=5, ours=False) + "</details>"
