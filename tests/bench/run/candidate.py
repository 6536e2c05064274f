#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""candidate.py --try NAME [--services N] [--family 4|6]: brings a candidate up, asks its first, middle and last Service over TCP and
UDP, changes an endpoint, and takes it down again. As root.

As a module: candidates(ctx) are all that this machine can have, in the order in which reports name them.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if sys.path[1:] and os.path.samefile(sys.path[1] or ".", os.path.dirname(os.path.abspath(__file__))):
    del sys.path[1]  # a script's own folder: its modules have one name, run.NAME

from run import scheme, world  # noqa: E402
from run.base import Candidate, Direct, Routed, TooSlow, Unavailable  # noqa: E402,F401
from run.beeline import Beeline  # noqa: E402
from run.kubeproxy import KUBE_PROXIES, binary  # noqa: E402
from run.peers import PEERS  # noqa: E402


def kinds():
    """Every candidate's class by name; kube-proxy's where KUBE_PROXY names its binary."""
    return {kind.name: kind for kind in (Direct, Routed, *PEERS, Beeline, *(KUBE_PROXIES if binary() else ()))}


def candidates(ctx):
    """All of them, not up yet; who runs the benches chooses among them."""
    found = [kind(getattr(ctx.args, "family", 4)) for kind in kinds().values()]
    for one in found:
        one.room = max(getattr(ctx.args, "sizes", None) or [scheme.MAX_SERVICES])
    return found


# --- --try ----------------------------------------------------------------------------------------------------------------


def ask(one, address, port, proto):
    done = subprocess.run(one.client(os.path.join(world.ROOT, "tests/lab/bin/ask"), *(["--udp"] if proto == "udp" else []),
                                     "--timeout", "3", address, str(port)), capture_output=True, text=True)
    return done.stdout.strip() if not done.returncode else f"error: {(done.stdout or done.stderr).strip()}"


def attempt(one, n, limit):
    server = subprocess.Popen(one.server(os.path.join(world.ROOT, "tests/lab/bin/whoami"), *map(str, one.server_ports)),
                              env={**os.environ, "HOSTNAME": one.name})
    bad = 0
    try:
        print(f"{one.name}: {n} Services, full sync {one.program(n, limit):.4f} s", flush=True)
        world.wait_listening(server, one.server_ports)
        for index in scheme.live(n):
            for proto in ("tcp", "udp"):
                address, port = one.service(index, proto)
                answer = ask(one, address, port, proto)
                bad += answer.startswith("error")
                print(f"{one.name}: Service {index} {proto} {address} {port}: {answer}", flush=True)
        if one.proxies:
            print(f"{one.name}: change {one.change(n - 1):.6f} s, back {one.change(n - 1):.6f} s")
        print(f"{one.name}: memory {json.dumps(one.memory())}")
    finally:
        server.kill()
        server.wait()
    return bad


def main(argv=None):
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda *_: sys.exit(143))
    known = kinds()
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--try", dest="name", required=True, choices=list(known))
    args.add_argument("--services", type=int, default=10)
    args.add_argument("--family", type=int, choices=(4, 6), default=4)
    args.add_argument("--limit", type=float, default=300)
    args = args.parse_args(argv)
    one = known[args.name](args.family)
    one.room = args.services
    began = time.monotonic()
    try:
        one.up()
        print(f"{one.name}: up in {time.monotonic() - began:.1f} s", flush=True)
        return 1 if attempt(one, args.services, args.limit) else 0
    except (TooSlow, Unavailable) as err:
        print(f"{one.name}: {err}")
        return 1
    finally:
        one.down()


if __name__ == "__main__":
    sys.exit(main())
