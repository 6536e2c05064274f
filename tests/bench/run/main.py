#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The benches: beeline beside iptables, nftables, no proxy and raw veth, in rounds, on this machine. As root.

Prints a table and writes DIR/report.html and DIR/report.json. A row or a candidate that fails is reported with its reason and the others go
on; the exit status is 0 when nothing failed that should have worked.
"""
import argparse
import importlib
import os
import signal
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from run import candidate, drive, machine, report, smoke, table  # noqa: E402
from run.context import Context  # noqa: E402

# Modules of run.rows in the order in which they run, each with the rows that it records.
ROWS = {
    "packet": ("packet",),
    "throughput": ("stream", "pps"),
    "north_south": ("north-south",),
    "policy": ("policy",),
    "latency": ("connect", "crr", "rr", "udp-rr"),
    "change": ("change", "sync", "resync", "outage"),
    "memory": ("memory",),
}
# These go through the sizes together: bringing every candidate to a size takes longer than measuring there.
BY_SIZE = ("latency", "change", "memory")

# sizes, rounds and candidates of the three lengths; `limit` is the seconds that a peer has for one size.
FULL = {"sizes": [10, 100, 1000, 5000, 10000, 50000], "rounds": 15, "limit": 120, "leave": ()}
QUICK = {"sizes": [10, 1000, 10000], "rounds": 5, "limit": 45, "leave": ("iptables-nft",)}
SMOKE = {"sizes": [10], "rounds": 1, "limit": 20, "leave": ()}


def arguments(argv):
    args = argparse.ArgumentParser(prog="tests/bench/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    length = args.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="about three minutes")
    length.add_argument("--smoke", action="store_true", help="about ten seconds: only whether every row counts something plausible")
    args.add_argument("--rows", type=lambda s: s.split(","), default=[], metavar="ROW,...",
                      help="only these: " + ", ".join(sorted({r for rows in ROWS.values() for r in rows} | set(ROWS))))
    args.add_argument("--sizes", type=numbers, metavar="N,...", help="numbers of Services")
    args.add_argument("--rounds", type=int, metavar="N")
    args.add_argument("--limit", type=float, metavar="S", help="seconds that a peer has to program one size")
    args.add_argument("--candidates", type=lambda s: s.split(","), default=[], metavar="NAME,...")
    args.add_argument("--family", type=int, choices=(4, 6), default=4)
    args.add_argument("--cpu", type=int, metavar="N", help="the CPU that clients and servers share (the last one)")
    args.add_argument("--out", default="out/bench", metavar="DIR")
    args.add_argument("--verbose", action="store_true", help="every step is a line, also where the output is no terminal")
    args.add_argument("--table-md", metavar="REPORT", help="measure nothing: print REPORT (a report.json) as Markdown")
    args.add_argument("--html", nargs=2, metavar=("REPORT", "HTML"), help="measure nothing: draw REPORT anew")
    return fill(args, args.parse_args(argv))


def numbers(text):
    found = [int(n.replace("_", "")) for n in text.split(",")]
    if not all(1 <= n <= 65000 for n in found):
        raise argparse.ArgumentTypeError("each between 1 and 65000")
    return found


def fill(parser, args):
    """What the length of the run implies, where it was not said."""
    plan = SMOKE if args.smoke else QUICK if args.quick else FULL
    args.mode = "smoke" if args.smoke else "quick" if args.quick else "full"
    args.sizes = sorted(set(args.sizes or plan["sizes"]))
    args.rounds = args.rounds or plan["rounds"]
    args.limit = args.limit or plan["limit"]
    args.leave = () if args.candidates else plan["leave"]
    unknown = set(args.rows) - {r for rows in ROWS.values() for r in rows} - set(ROWS)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}")
    if args.cpu is not None and args.cpu not in os.sched_getaffinity(0):
        parser.error(f"no CPU {args.cpu} to run on")
    drive.shared_cpu = args.cpu
    args.asked = [r for name, rows in ROWS.items() for r in rows if not args.rows or name in args.rows or r in args.rows]
    return args


def bring_up(ctx):
    """Puts the candidates that stand into ctx; those that do not are failures."""
    for one in candidate.candidates(ctx):
        if one.name in ctx.args.leave or ctx.args.candidates and one.name not in ctx.args.candidates:
            continue
        ctx.progress(f"{one.name}: up")
        try:
            one.up()
            ctx.candidates.append(one)
        except Exception as err:  # one that does not come up does not take the others with it
            one.down()
            ctx.trouble("up", one, err)


def run_rows(ctx):
    asked = [name for name, rows in ROWS.items() if set(rows) & set(ctx.args.asked)]
    sizes = ctx.args.sizes
    for name in asked:
        if name not in BY_SIZE:
            run_row(ctx, name)
    for n in sizes:
        ctx.args.sizes = [n]
        for name in asked:
            if name in BY_SIZE:
                run_row(ctx, name, f", {n:,} Services")
    ctx.args.sizes, ctx.row = sizes, None


def run_row(ctx, name, extra=""):
    """One module; when it dies, that is told and the next one runs."""
    ctx.row = name
    ctx.say(name + extra)
    try:
        importlib.import_module(f"run.rows.{name}").run(ctx)
    except Exception as err:  # whatever it dies of
        if ctx.args.verbose:
            traceback.print_exc()
        ctx.trouble(ROWS[name][0], "all", err)


def measure(args):
    ctx = Context(args, [])
    about = machine.describe(args)
    try:
        bring_up(ctx)
        run_rows(ctx)
    except (KeyboardInterrupt, SystemExit):
        ctx.fail("run", "all", f"interrupted in row {ctx.row}: what came before is here")  # and is reported
    finally:
        for one in reversed(ctx.candidates):
            one.down()
    about["seconds"] = machine.seconds_since(about)
    return ctx, report.make(about, ctx.records, ctx.failures)


def main(argv=None):
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda *_: sys.exit(143))
    args = arguments(argv)
    if args.table_md:
        print(table.markdown(report.load(args.table_md)))
        return 0
    if args.html:
        report.write_html(report.load(args.html[0]), args.html[1])
        return 0
    if os.geteuid():
        sys.exit("bench: makes network namespaces and loads programs: needs root")
    ctx, whole = measure(args)
    report.write(whole, args.out)
    print(table.terminal(whole))
    print(f"bench: {args.out}/report.html, {args.out}/report.json")
    if args.smoke:
        return smoke.judge(whole)
    return 1 if any(f["wrong"] for f in ctx.failures) else 0


if __name__ == "__main__":
    sys.exit(main())
