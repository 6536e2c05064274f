# SPDX-License-Identifier: Apache-2.0
"""Row north-south: UDP packets a second from outside to a NodePort whose backend is a pod of this node, by the number of flows.

bench_inject writes frames straight onto the link that leads to the node, at the same place for every candidate; the server's end counts
and drops what arrives, before its stack. Generator, node and counter share one core. Every flow has been seen once before the clock
runs. direct and routed get the same frames for the server's own address. externalTrafficPolicy is Cluster, so peers masquerade.
"""
import json
import subprocess

from run import agentstatus, drive, rules, scheme, world
from run.load import render
from run.sizes import bring

FLOWS = {"smoke": [1], "quick": [1, 65536], "full": [1, 1024, 65536, 524288]}
FEW = 65536  # of more flows than these a turn takes a peer's connection table most of a minute: they get one round
PORT = 30080
NAME = "north-south"
NOT_YET = ("XDP: this row does not take it yet; beeline's tc path is measured",
           "DSR: this row does not measure direct return from another node yet")


class NorthSouthError(RuntimeError):
    """The packets' way does not stand."""


# --- where frames go in ---------------------------------------------------------------------------------------------------


def entry(one):
    """(network namespace, link, MAC of the link's far end, address, port) for the injector."""
    if not one.proxies:
        far = (one.node_ns, "c") if one.node_ns else (one.server_ns, "eth0")
        return one.client_ns, "eth0", world.mac(*far), one.server_address(), one.server_ports[0]
    if hasattr(one, "lab"):
        node = one.lab.node("node1")
        address = next(a for a in node.addresses if (":" in a) == (one.family == 6))
        return one.lab.fabric.netns, node.name, world.mac(node.netns, "eth0"), address, PORT
    return one.client_ns, "eth0", world.mac(one.node_ns, "c"), rules.NODE[one.family], PORT


# --- the Service ----------------------------------------------------------------------------------------------------------


def extra_line(one):
    """The NodePort for kube_rules' list."""
    address = {4: "10.96.0.200", 6: "fd00:10:96::c8"}[one.family]
    ends = ",".join(rules.place(e) for e in one.live_endpoints())
    return f"{scheme.NAMESPACE}/{NAME}:u udp {rules.place((address, scheme.PORT))} {ends} nodeport={PORT}\n".encode()


def open_peer(ctx, one, n):
    address = rules.NODE[one.family]
    world.ip_batch(one.node_ns, [f"addr replace {address}/{'128' if one.family == 6 else '32'} dev lo"])
    one.clear()
    listed = rules.listing(n, one.live_endpoints(), one.family) + extra_line(one)
    one.rules.load(rules.generate(one.name, one.family, listed), ctx.args.limit)


def objects(one):
    from run.beeline import SERVICES, SLICES
    ends = one.live_endpoints()
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME}, "spec": {
        "type": "NodePort", "ipFamilies": [f"IPv{one.family}"],
        "ports": [{"name": "u", "port": scheme.PORT, "protocol": "UDP", "nodePort": PORT, "targetPort": ends[0][1]}]}}
    slices = [{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {
        "name": f"{NAME}-{port}", "labels": {"kubernetes.io/service-name": NAME}}, "addressType": f"IPv{one.family}",
        "ports": [{"name": "u", "port": port, "protocol": "UDP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True, "serving": True}, "nodeName": "node1"}]} for address, port in ends]
    return [(SERVICES, service), *((SLICES, s) for s in slices)]


def open_beeline(ctx, one, n):
    if not bring(ctx, "north-south", one, n):
        raise NorthSouthError(f"{n:,} Services are not programmed")
    one.loader.send(render("POST", path, body) for path, body in objects(one))
    agentstatus.ask(one.agent.box.socket, "wait", namespace=scheme.NAMESPACE, name=NAME, backends=2, timeout_ms=20000)


def close_service(one):
    if hasattr(one, "lab"):
        one.loader.send(render("DELETE", f"{path}/{body['metadata']['name']}") for path, body in objects(one))
        one.wait_programmed(30, 30)
    elif one.proxies:
        one.clear()


# --- what arrives ---------------------------------------------------------------------------------------------------------


class Counter:
    """Counts and drops what comes to the server's link, before anything of the stack has it (a netdev chain of nft)."""

    TABLE = "bench"

    def __init__(self, netns):
        self.netns = netns
        self.nft(f"add table netdev {self.TABLE}; add chain netdev {self.TABLE} arrived {{ type filter hook ingress device eth0 priority 0; }}; "
                 f"add rule netdev {self.TABLE} arrived counter drop")

    def nft(self, *command):
        return world.run(*world.enter(self.netns, "nft", *command))

    def read(self):
        return packets(self.nft("--json", "list", "table", "netdev", self.TABLE))

    def close(self):
        self.nft(f"delete table netdev {self.TABLE}")


def packets(text):
    """The packets that the one counter of nft's JSON has seen."""
    for one in json.loads(text)["nftables"]:
        for part in one.get("rule", {}).get("expr", ()):
            if "counter" in part:
                return part["counter"]["packets"]
    raise NorthSouthError("nft shows no counter at the server's link")


def inject(one, counter, flows, ms):
    """{"delivered": packets/s, "lost": percent} of one turn."""
    netns, link, mac, address, port = one.entry
    command = [drive.program("bench_inject"), "--netns", netns, "--cpu", str(drive.cpu()), "--link", link, "--mac", mac, "--addr", address,
               "--port", str(port), "--flows", str(flows), "--ms", str(ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as sender:
        try:
            if sender.stdout.readline() != "WARM\n":
                raise NorthSouthError(sender.stderr.read().strip() or "bench_inject ended")
            before = counter.read()
            out, said = sender.communicate("\n", timeout=60 + ms / 1000)
        finally:
            if sender.poll() is None:
                sender.kill()
    if sender.returncode:
        raise NorthSouthError(said.strip() or f"bench_inject: exit status {sender.returncode}")
    return figures(json.loads(out), counter.read() - before)


def figures(sent, arrived):
    if not arrived:
        raise NorthSouthError(f"of {sent['sent']:,} packets none arrived")
    return {"delivered": arrived / sent["seconds"], "lost": max(0.0, 100 * (sent["sent"] - arrived) / sent["sent"])}


# --- the row --------------------------------------------------------------------------------------------------------------


def stand(ctx, counters):
    """The candidates through which packets can go; their counters into `counters`."""
    standing, n = [], min(ctx.args.sizes)
    for one in ctx.candidates:
        if one.proxies and not hasattr(one, "lab") and not hasattr(one, "rules"):
            ctx.skip("north-south", one, "a NodePort of the real kube-proxy is not measured yet")
            continue
        ctx.progress(f"north-south: {one.name}: a NodePort")
        try:
            if one.proxies:
                (open_beeline if hasattr(one, "lab") else open_peer)(ctx, one, n)
            one.entry = entry(one)
            counters[one.name] = Counter(one.server_ns)
            standing.append(one)
        except Exception as err:  # the others go on
            ctx.trouble("north-south", one, err)
    return standing


def leave(ctx, counters):
    for one in ctx.candidates:
        try:
            if one.name in counters:
                counters[one.name].close()
            close_service(one)
        except Exception as err:  # the others are cleared all the same
            ctx.trouble("north-south", one, err)


def run(ctx):
    counters, ms = {}, 30 if ctx.args.smoke else 200 if ctx.args.quick else 500
    try:
        standing = stand(ctx, counters)
        for flows in FLOWS[ctx.args.mode]:
            def measure(one):
                one.rest()
                return inject(one, counters[one.name], flows, ms)
            rounds = min(ctx.args.rounds, 7) if flows <= FEW else 1
            found = ctx.interleave("north-south", standing, measure, rounds, flows=flows)
            for name, turns in found.items():
                for metric, unit in (("delivered", "packets/s"), ("lost", "%")):
                    ctx.record("north-south", name, metric, unit, [t[metric] for t in turns], flows=flows, by="NodePort, tc", family=ctx.args.family)
        for text in NOT_YET:
            ctx.skip("north-south", "beeline", text)
    finally:
        leave(ctx, counters)
