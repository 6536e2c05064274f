# SPDX-License-Identifier: Apache-2.0
"""What scripts/demo shows. Every figure printed was measured in the lab that it just brought up."""
import collections
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lablib.cluster import Cluster  # noqa: E402
from lablib.parts import Bird  # noqa: E402
from lablib.plan import ROOT, Lab, LabError  # noqa: E402
from lablib.system import end_in_order  # noqa: E402

QUESTIONS = 48
NAME = sys.argv[1] if len(sys.argv) > 1 else "default"
failures = []


def title(text):
    print(f"\n== {text}", flush=True)


def check(good, text):
    print(f"   {'ok  ' if good else 'FAIL'} {text}", flush=True)
    if not good:
        failures.append(text)


def lab_command(*args):
    subprocess.run([os.path.join(ROOT, "scripts", "lab"), *args], check=True)


def measure(place, host, port, *options):
    """Asks often; returns how often each server answered, the client addresses they saw, and the errors."""
    answers = place.ask(host, port, *options, count=QUESTIONS)
    servers = collections.Counter(name for name, _ in answers if name != "error")
    return servers, {seen for name, seen in answers if name != "error"}, [why for name, why in answers if name == "error"]


def shares(servers):
    return ", ".join(f"{name} {n}" for name, n in sorted(servers.items()))


def show_service(client, what, host, port, expected, *options):
    servers, seen, errors = measure(client, host, port, *options)
    own = client.v6 if ":" in host else client.v4
    good = not errors and set(servers) == expected and seen == {own}
    check(good, f"{what} [{host}]:{port} from {client.name} ({own}): {shares(servers)}; "
          f"servers saw {', '.join(sorted(seen)) or 'nobody'}" + (f"; {len(errors)} errors: {errors[0]}" if errors else ""))


def show_services(cluster, client):
    title(f"Services: {QUESTIONS} questions each; a server that sees the pod's own address proves that there was no NAT")
    web, cart, db = ({p.pod for p in cluster.pods("shop", f"app={app}")} for app in ("web", "cart", "db"))
    for host in cluster.service_addresses("shop", "web"):
        show_service(client, "shop/web TCP", host, 80, web)
        show_service(client, "shop/web UDP", host, 53, web, "--udp")
    show_service(client, "shop/cart TCP", cluster.service_addresses("shop", "cart")[0], 7000, cart)
    show_service(client, "shop/db TCP", cluster.service_addresses("shop", "db")[0], 5432, db)


def show_pods(cluster, client):
    title("Pod to pod, by the pods' own addresses")
    servers = cluster.pods("shop", "app=web")
    for where, server in (("same node", next((p for p in servers if p.node == client.node), None)),
                          ("other node", next((p for p in servers if p.node != client.node), None))):
        if not server:
            check(False, f"{where}: no web pod there")
            continue
        for host, own in ((server.v4, client.v4), (server.v6, client.v6)):
            answers = client.ask(host, 8080)
            check(answers == [(server.pod, own)],
                  f"{where}: {client.name} on {client.node} -> {server.name} on {server.node} [{host}]: {answers[0][0]} saw {answers[0][1]}")


def show_routes(cluster):
    title("Routes that BIRD on the fabric router learnt from the nodes")
    bird = Bird(cluster.lab.fabric)
    for table in ("master4", "master6"):
        found = [line for line in bird.ask(f"show route table {table} where source = RTS_BGP").splitlines() if line.strip()]
        print("\n".join("   " + line.expandtabs() for line in found))
    pods = [cidr for node in cluster.get("nodes")["items"] for cidr in node["spec"].get("podCIDRs", [])]
    learnt = bird.ask("show route where source = RTS_BGP")
    check(pods and all(cidr in learnt for cidr in pods), f"pod CIDRs of all nodes: {' '.join(pods)}")


def show_node_port(cluster):
    title("NodePort 30080 from the client outside, on every node")
    web = {p.pod for p in cluster.pods("shop", "app=web")}
    client = cluster.client()
    for node in cluster.lab.nodes:
        for host in node.addresses:
            servers, seen, errors = measure(client, host, 30080)
            check(not errors and set(servers) == web, f"{node.name} [{host}]:30080: {shares(servers)}; servers saw "
                  f"{', '.join(sorted(seen)) or 'nobody'}" + (f"; {len(errors)} errors: {errors[0]}" if errors else ""))


def deploy(cluster):
    title("kubectl apply -f deploy/demo.yaml")
    began = time.monotonic()
    cluster.kubectl("apply", "-f", os.path.join(ROOT, "deploy", "demo.yaml"))
    for namespace in ("shop", "tools"):
        cluster.wait_ready(namespace)
    for name, backends in (("web", 16), ("cart", 3), ("db", 2), ("web-outside", 8)):
        cluster.wait_programmed("shop", name, backends)
    print(cluster.kubectl("get", "pods,services", "-A", "-o", "wide"), end="")
    print(f"   12 pods ready and every Service programmed on every node after {time.monotonic() - began:.1f} s")


def go_on(lab):
    name = "" if NAME == "default" else f" --name {NAME}"
    web = Cluster(lab).service_addresses("shop", "web")[0]
    title("The lab stays up. Go on with")
    for command, comment in (
            (f'eval "$(scripts/lab env{name})"', "KUBECONFIG for kubectl"),
            ("kubectl get pods,services -A -o wide", ""),
            ("kubectl -n shop delete pod web-1", "and ask again"),
            (f"scripts/lab exec{name} tools/client-1 -- ask --count 6 {web} 80", ""),
            (f"scripts/lab node{name} node1 -- beeline service list", "what the kernel of node1 holds"),
            (f"scripts/lab fabric{name} -- ip route", "what BGP brought to the router"),
            (f"scripts/lab status{name}; scripts/lab down{name}; scripts/lab --help", "")):
        print(f"   {command:50} # {comment}" if comment else f"   {command}", flush=True)


def main():
    end_in_order()
    began = time.monotonic()
    title("A lab of three nodes")
    if Lab(NAME).exists():
        lab_command("down", "--name", NAME)
    lab_command("up", "--name", NAME)
    cluster = Cluster(Lab.load(NAME))
    deploy(cluster)
    client = cluster.pod("tools", "client-1")
    show_services(cluster, client)
    show_pods(cluster, client)
    show_routes(cluster)
    show_node_port(cluster)
    print(f"\ndemo: {len(failures)} failures, {time.monotonic() - began:.1f} s")
    go_on(cluster.lab)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        Lab(NAME)
    except LabError as err:
        print(f"demo: {err}", file=sys.stderr)
        sys.exit(2)
    try:
        status = main()
    except BaseException as err:
        if isinstance(err, (LabError, subprocess.CalledProcessError)):
            print(f"demo: {err}", file=sys.stderr, flush=True)
        lab_command("down", "--name", NAME)
        sys.exit(1)
    sys.exit(status)
