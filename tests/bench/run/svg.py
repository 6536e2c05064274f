# SPDX-License-Identifier: Apache-2.0
"""Charts as inline SVG: lines over a logarithmic axis with whiskers, and horizontal bars with whiskers.

Colours, fonts and strokes are the page's classes (`s-NAME` for a series), so a chart follows the page into dark mode. Every chart has a
title and a description for who does not see it, and every point a tooltip. Nothing here knows what is drawn.
"""
import math
from html import escape

WIDTH = 560
MARKS = ("circle", "square", "diamond", "up", "down", "cross")  # a series is told by more than its colour


def text(x, y, body, cls="tick", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{cls}" text-anchor="{anchor}">{escape(str(body))}</text>'


def line(x1, y1, x2, y2, cls):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{cls}"/>'


def mark(x, y, kind, r=4):
    """A point's shape, around x, y."""
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
    corners = {"square": ((-1, -1), (1, -1), (1, 1), (-1, 1)), "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
               "up": ((0, -1.2), (1.2, 1), (-1.2, 1)), "down": ((0, 1.2), (1.2, -1), (-1.2, -1)),
               "cross": ((-1, -.4), (-.4, -.4), (-.4, -1), (.4, -1), (.4, -.4), (1, -.4), (1, .4), (.4, .4), (.4, 1), (-.4, 1),
                         (-.4, .4), (-1, .4))}[kind]
    return '<polygon points="' + " ".join(f"{x + dx * r:.1f},{y + dy * r:.1f}" for dx, dy in corners) + '"/>'


def number(value):
    """Three digits that matter, with k, M, G."""
    if value == 0:
        return "0"
    for power, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= power * 0.9995:
            return f"{value / power:.3g}{unit}"
    return f"{value:.3g}"


class Log:
    """A logarithmic axis over what is given, all of it above zero, from lo to hi pixels."""

    def __init__(self, values, lo, hi):
        good = [v for v in values if v > 0]
        self.least, self.most = (min(good), max(good)) if good else (1, 10)
        if self.most / self.least < 2:
            self.least, self.most = self.least / 1.5, self.most * 1.5
        self.lo, self.hi = lo, hi

    def at(self, value):
        share = (math.log(value) - math.log(self.least)) / (math.log(self.most) - math.log(self.least))
        return self.lo + share * (self.hi - self.lo)

    def ticks(self):
        """Powers of ten; where these are few, 2 and 5 of each too."""
        first, last = math.floor(math.log10(self.least)), math.ceil(math.log10(self.most))
        for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
            found = [s * 10.0 ** p for p in range(first, last + 1) for s in steps]
            found = [t for t in found if self.least * 0.999 <= t <= self.most * 1.001]
            if len(found) >= 3:
                return found
        return found or [self.least, self.most]


class Linear:
    """From zero to a little more than the greatest."""

    def __init__(self, values, lo, hi):
        self.most = max(values, default=1) * 1.05 or 1
        self.lo, self.hi = lo, hi

    def at(self, value):
        return self.lo + value / self.most * (self.hi - self.lo)

    def ticks(self):
        step = 10.0 ** math.floor(math.log10(self.most))
        while self.most / step < 4:
            step /= 2
        return [i * step for i in range(int(self.most / step) + 1)]


def open_svg(ident, height, title, desc):
    return [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{ident}-t {ident}-d" class="chart">',
            f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(desc)}</desc>']


def apart(places, least):
    """The same places in the same order, moved so that neighbours are at least so far from each other, centred where they were."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups = []
    for i in order:
        groups.append([[i], places[i]])
        while len(groups) > 1 and _top(groups[-1], least) < _bottom(groups[-2], least) + least:
            ids, _ = groups.pop()
            groups[-1][0] += ids
            groups[-1][1] = sum(places[k] for k in groups[-1][0]) / len(groups[-1][0])
    found = [0.0] * len(places)
    for ids, middle in groups:
        for n, i in enumerate(ids):
            found[i] = middle + (n - (len(ids) - 1) / 2) * least
    return found


def _top(group, least):
    return group[1] - (len(group[0]) - 1) / 2 * least


def _bottom(group, least):
    return group[1] + (len(group[0]) - 1) / 2 * least


def lines(ident, title, desc, series, x_label, y_label, show=number, x_show=number, x_names=None):
    """series: [(name, [(x, median, min, max)])]. Both axes logarithmic; with x_names ({x: text}) the x axis has these at even distances.
    Names stand at the lines' ends."""
    height, left, right, top, bottom = 300, 56, WIDTH - 118, 34, 262
    points = [p for _, ps in series for p in ps]
    if not points:
        return ""
    xs = sorted({p[0] for p in points})
    ys = Log([v for p in points for v in p[1:]], bottom, top)
    if x_names or len(xs) == 1:
        step = (right - left) / max(1, len(xs))
        at = {x: left + step * (i + 0.5) for i, x in enumerate(xs)}
    else:
        axis = Log(xs, left + 8, right - 8)
        at = {x: axis.at(x) for x in xs}
    out = open_svg(ident, height, title, desc)
    out.append(text(left - 48, 16, y_label, "label"))
    for t in ys.ticks():
        out += [line(left, ys.at(t), right, ys.at(t), "grid"), text(left - 6, ys.at(t) + 4, show(t), "tick", "end")]
    for x in xs:
        out += [line(at[x], bottom, at[x], bottom + 4, "axis"),
                text(at[x], bottom + 17, (x_names or {}).get(x, x_show(x)), "tick", "middle")]
    out += [line(left, bottom, right, bottom, "axis"), text((left + right) / 2, bottom + 34, x_label, "label", "middle")]
    series = [(name, sorted(ps)) for name, ps in series if ps]
    series = [(name, [p for p in ps if p[1] > 0]) for name, ps in series]  # zero is on no logarithmic axis
    series = [(name, ps) for name, ps in series if ps]
    ends = apart([ys.at(ps[-1][1]) for _, ps in series], 14)
    for i, (name, ps) in enumerate(series):
        out.append(_series(i, name, ps, at, ys, show, x_names or {}, x_show))
        last = at[ps[-1][0]]
        out += [f'<g class="s-{name}">{line(last + 6, ys.at(ps[-1][1]), right + 10, ends[i], "leader")}'
                f'{text(right + 13, ends[i] + 4, name, "name")}</g>']
    return "".join(out) + "</svg>"


def _series(i, name, points, at, ys, show, x_names, x_show):
    path = " ".join(f"{'L' if n else 'M'}{at[x]:.1f},{ys.at(mid):.1f}" for n, (x, mid, _, _) in enumerate(points))
    out = [f'<g class="s-{name}"><path d="{path}" class="run"/>']
    for x, mid, least, most in points:
        tip = f"{name}, {x_names.get(x, x_show(x))}: {show(mid)} ({show(least)} to {show(most)})"
        out.append(f'<g class="point"><title>{escape(tip)}</title>')
        if least > 0:
            out.append(line(at[x], ys.at(least), at[x], ys.at(most), "whisker"))
        out.append(mark(at[x], ys.at(mid), MARKS[i % len(MARKS)]) + "</g>")
    return "".join(out) + "</g>"


def bars(ident, title, desc, rows, label, show=number, best=None):
    """rows: [(name, class, median, min, max)], from zero; the value stands behind its bar."""
    if not rows:
        return ""
    name_w = min(250, 12 + max(len(r[0]) for r in rows) * 6.6)
    left, right, step, top = name_w, WIDTH - 104, 24, 30
    height = top + step * len(rows) + 8
    axis = Linear([r[4] for r in rows], left, right)
    out = open_svg(ident, height, title, desc) + [text(left, 16, label, "label")]
    for t in axis.ticks():
        out.append(line(axis.at(t), top - 6, axis.at(t), height - 8, "grid"))
    for i, (name, cls, mid, least, most) in enumerate(rows):
        y = top + step * i
        tip = f"{name}: {show(mid)} ({show(least)} to {show(most)})"
        out += [f'<g class="s-{cls}"><title>{escape(tip)}</title>', text(left - 8, y + 13, name, "name", "end"),
                f'<rect x="{left:.1f}" y="{y + 3}" width="{max(0.5, axis.at(mid) - left):.1f}" height="13" rx="2" class="bar"/>',
                line(axis.at(least), y + 9.5, axis.at(most), y + 9.5, "reach"), line(axis.at(least), y + 6, axis.at(least), y + 13, "reach"),
                line(axis.at(most), y + 6, axis.at(most), y + 13, "reach"),
                text(axis.at(most) + 7, y + 14, show(mid), "value"), "</g>"]
    return "".join(out) + "</svg>"


def gauge(ident, title, median, least, most, bar, less, span=(0.001, 10)):
    """A ratio on a logarithmic axis with its range and the bar that it is held to; the side that meets the bar is shaded."""
    width, y = 220, 12
    axis = Log([*span], 6, width - 6)

    def clip(v):
        return axis.at(min(max(v, span[0]), span[1]))
    edge = clip(bar)
    good = (6, edge) if less else (edge, width - 6)
    return (f'<svg viewBox="0 0 {width} 24" role="img" aria-labelledby="{ident}" class="gauge"><title id="{ident}">{escape(title)}</title>'
            f'<rect x="{good[0]:.1f}" y="3" width="{good[1] - good[0]:.1f}" height="18" class="good"/>'
            f'{line(clip(1), 2, clip(1), 22, "even")}{line(edge, 1, edge, 23, "limit")}'
            f'<g class="s-beeline">{line(clip(least), y, clip(most), y, "reach")}{mark(clip(median), y, "circle", 5)}</g></svg>')
