# SPDX-License-Identifier: Apache-2.0
"""A report as text: for the terminal, and as Markdown for a page that keeps a dated one."""
from run import records as rec
from run import views


def grid(head, lines):
    """Columns as wide as they must be; the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *lines]) for i in range(len(head))]

    def one(row):
        return "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip()
    return "\n".join(one(row) for row in [head, *lines])


def pipes(head, lines):
    """The same as Markdown."""
    body = [head, ["---"] + ["---:"] * (len(head) - 1), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in body)


def cells(table, reach):
    """(head, lines) of a views.Table; with `reach`, least and most stand behind the median."""
    def cell(spread):
        if not spread:
            return "-"
        middle = views.value(spread["median"], table.unit)
        if not reach or spread["rounds"] < 2:
            return middle
        return f"{middle} ({views.value(spread['min'], table.unit)} to {views.value(spread['max'], table.unit)})"
    head = [""] + [views.column(table.axis, c) or "median" for c in table.columns]
    return head, [[name] + [cell(found.get(c)) for c in table.columns] for name, found in table.lines]


def verdict(d):
    return "not measured" if d["met"] is None else "met" if d["met"] else "NOT MET"


def ratio(v):
    return "-" if v is None else f"{v:.2f}" if abs(v) >= 0.0995 else f"{v:.2g}" if abs(v) >= 1e-3 else f"{v:.1e}"


def headline_cells(details):
    head = ["", "ratio", "least", "most", "bar", ""]
    return head, [[key, ratio(d["median"]), ratio(d["min"]), ratio(d["max"]), d["bar"], verdict(d)] for key, d in details.items()]


def gaps(details):
    return [f"{key}: {d['reason']}" for key, d in details.items() if d.get("reason")]


def failure(f):
    params = rec.params_text(f["params"])
    return f"{f['row']}, {f['candidate']}{', ' + params if params else ''}: {f['reason']}"


def loss(one):
    params = rec.params_text(one["params"])
    return (f"{one['row']} {one['metric']}{', ' + params if params else ''}: {one['peer']} {views.value(one['theirs'], one['unit'])}, "
            f"beeline {views.value(one['ours'], one['unit'])} ({one['ratio']['median']:.2f} times"
            f"{'' if one['clear'] else ', not in every round'})")


def packets(records):
    """Lines are the packets' ways, columns what was counted of each."""
    found, columns = {}, []
    for r in rec.of_row(records, "packet"):
        found.setdefault(views.packet_name(r["params"]), {})[r["metric"]] = views.value(rec.median(r), r["unit"])
        columns += [r["metric"]] if r["metric"] not in columns else []
    return ["", *columns], [[name, *(values.get(c, "-") for c in columns)] for name, values in found.items()]


def shown(records):
    """The tables that fit a terminal: the last Service, the first metrics."""
    for row in views.rows_of(records):
        if row == "packet":
            continue
        metrics = views.ROWS.get(row, (row, None))[1]
        yield from views.tables(records, row, metrics[:2] if metrics else None, which="last", family=4)


def terminal(report):
    out = []
    for one in shown(report["records"]):
        out += [one.title, grid(*cells(one, False)), ""]
    if rec.of_row(report["records"], "packet"):
        out += ["Packet cost", grid(*packets(report["records"])), ""]
    out += ["Headline: median of the rounds' own ratios", grid(*headline_cells(report["headline_detail"]))]
    out += [f"  {gap}" for gap in gaps(report["headline_detail"])] + [""]
    lost = [one for one in report["losses"] if not one["limit"]]
    out += [f"Where a peer is better than beeline: {len(lost)}"] + [f"  {loss(one)}" for one in lost[:20]]
    out += [f"  ... and {len(lost) - 20} more in the report"] if len(lost) > 20 else []
    out += ["", f"Not there, or gone wrong: {len(report['failures'])}"]
    out += [f"  {'FAILED ' if f['wrong'] else ''}{failure(f)}" for f in report["failures"]]
    return "\n".join(out)


def markdown(report):
    m = report["meta"]
    out = [f"{m['date']}, commit {m['commit']}, `{m['command']}`, {m['seconds']:.0f} s: {m['cpu']}, {m['cpus']} CPUs"
           f"{'' if m['virtual'] in ('no', 'none') else ' (virtual)'}, kernel {m['kernel'].split()[0]}, {m['rounds']} rounds.", "",
           pipes(*headline_cells(report["headline_detail"]))]
    out += [""] + [f"- {gap}" for gap in gaps(report["headline_detail"])]
    for one in shown(report["records"]):
        out += ["", f"**{one.title}**", "", pipes(*cells(one, True))]
    if rec.of_row(report["records"], "packet"):
        out += ["", "**Packet cost**", "", pipes(*packets(report["records"]))]
    lost = [one for one in report["losses"] if not one["limit"]]
    out += ["", f"**Where a peer is better: {len(lost)}**", ""] + [f"- {loss(one)}" for one in lost]
    out += ["", "**Not there, or gone wrong**", ""] + [f"- {failure(f)}" for f in report["failures"]]
    return "\n".join(out)
