# SPDX-License-Identifier: Apache-2.0
"""Row packet: what a packet costs at each hook by BPF_PROG_TEST_RUN, beside an empty program in the same rounds; and how many instructions the
agent's compile step takes, by callgrind. Only beeline has these: peers' rules cannot be run alone.
"""
import json
import re
import shutil
import subprocess

from run.drive import program

# (metric, unit, the list's name in datapath_bench's object)
FIGURES = (("time", "ns", "ns"), ("net", "ns", "net"), ("times_empty", "times", "times_empty"), ("instructions", "instructions", "instructions"))


class PacketError(RuntimeError):
    """A bench program did not say what it should."""


def lengths(args):
    """Rounds, and packets a round."""
    return (1, 2000) if args.smoke else (5, 100000) if args.quick else (15, 500000)


def run_json(command, what):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise PacketError(f"{what}: {(done.stderr or done.stdout).strip()[-400:] or done.returncode}")
    return done


def put_hooks(ctx, found):
    for row in found["rows"]:
        for metric, unit, name in FIGURES:
            if name in row:
                ctx.record("packet", "beeline", metric, unit, row[name], what=row["what"], family=row["family"], flows=row["flows"])
    if found["uncounted"]:
        ctx.skip("packet", "beeline", f"instructions a packet are not countable on this machine: perf_event_open: {found['uncounted']}")


def hooks(ctx):
    rounds, repeat = lengths(ctx.args)
    ctx.progress(f"packet: {rounds} rounds of {repeat:,} packets at each hook")
    put_hooks(ctx, json.loads(run_json([program("datapath_bench"), "--json", str(rounds), str(repeat)], "datapath_bench").stdout))


def collected(text):
    """The instructions that callgrind says it has collected."""
    found = re.search(r"Collected : (\d+)", text)
    if not found:
        raise PacketError("callgrind said no count")
    return int(found.group(1))


def compile_step(ctx):
    if not shutil.which("valgrind"):
        ctx.skip("packet", "beeline", "the compile step's instructions: valgrind is not installed (a full run installs it)")
        return
    for n in (10,) if ctx.args.smoke else (10, 1000) if ctx.args.quick else (10, 1000, 10000):
        ctx.progress(f"packet: compile step over {n:,} Services under callgrind")
        done = run_json(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=bl_compile_service",
                         program("compile_bench"), str(n)], "callgrind")
        # every Service once and one of them again
        ctx.record("packet", "beeline", "compile", "instructions", [collected(done.stderr) / (n + 1)], services=n,
                   what=f"compiling one of {n:,} Services")


def run(ctx):
    for part in (hooks, compile_step):
        try:
            part(ctx)
        except (OSError, ValueError, KeyError, PacketError, subprocess.SubprocessError) as err:
            ctx.fail("packet", "beeline", err)
