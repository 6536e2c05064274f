# SPDX-License-Identifier: Apache-2.0
"""Making a lab and taking it away.

Whatever outlives a process (a namespace, a cgroup, a folder of bpffs) is recorded before it is made, so that `down`
removes exactly that, however far `up` had come.
"""
import asyncio
import fcntl
import glob
import os
import socket

from . import config
from .kube import Api
from .parts import Spreader, parts
from .plan import BPFFS, RUN, Lab, LabError
from .system import (cgroup_root, claim_name, inside, ip, ip_batch, kill_cgroup, mount_bpffs, remove_cgroup, remove_tree, run,
                     wait_until)

PROGRAMS = ("beelined", "beeline", "beeline-cni", "beeline-controlplane")


def lock(lab):
    """One `up` or `down` of a lab at a time; the folder itself is the lock, so that no lock file stays behind."""
    fd = os.open(lab.dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        raise LabError(f"another command is working on lab '{lab.name}'") from err
    return fd


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- up -----------------------------------------------------------------------------------------------------------------


def check(lab):
    if os.geteuid() != 0:
        raise LabError("a lab needs root: it makes network namespaces and loads BPF programs")
    missing = [name for name in PROGRAMS if not os.access(lab.program(name), os.X_OK)]
    if missing:
        raise LabError(f"{lab.bin_dir} lacks {', '.join(missing)}: run make")


def make_folders(lab):
    os.makedirs(RUN, mode=0o700, exist_ok=True)
    try:
        os.mkdir(lab.dir, 0o700)
    except FileExistsError:
        raise LabError(f"lab '{lab.name}' is up already (scripts/lab down --name {lab.name})") from None
    return lock(lab)


def make_places(lab):
    """The folders of each box, its cgroup, and where the nodes' BPF objects are pinned."""
    os.makedirs(os.path.join(lab.record_dir, "netns"))
    mount_bpffs()
    lab.cgroup, lab.bpf_dir = claim_name(cgroup_root(), BPFFS, f"beeline-lab-{lab.name}")
    lab.__init__(lab.name, lab.size, lab.routing, lab.port, lab.cgroup, lab.bpf_dir, lab.bin_dir)
    lab.save()
    for box in lab.boxes:
        os.mkdir(box.dir, 0o700)
        os.mkdir(box.cgroup)
    for node in lab.nodes:
        for part in ("host", "pods"):
            os.mkdir(os.path.join(node.cgroup, part))
        for part in ("run", "state", "cni", "pods"):
            os.mkdir(node.path(part), 0o700)
        os.mkdir(node.bpf_dir, 0o700)
    for box in [lab.fabric] + lab.nodes:
        os.mkdir(box.path("bird"), 0o700)


def make_namespaces(lab):
    for box in lab.boxes:
        config.write(os.path.join(lab.record_dir, "netns", box.netns), "")
        run("ip", "netns", "add", box.netns)
        settings = ["net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0",
                    "net.ipv6.conf.default.accept_ra=0"]
        # Nodes start without forwarding, as a fresh machine does: to turn it on is their agents' work.
        on = int(box is lab.fabric)
        settings += [f"net.ipv4.ip_forward={on}", f"net.ipv6.conf.all.forwarding={on}"]
        run(*inside(box.netns_path, "sysctl", "-q", "-w", *settings))
        ip(box.netns, "link", "set", "lo", "up")


def make_links(lab):
    """A bridge that joins nodes and control plane, a link of its own for the client, and addresses of both families."""
    fabric = lab.fabric
    client_side = [cidr.replace(".2/", ".1/").replace("::2/", "::1/") for cidr in lab.client.cidrs]
    ip_batch(fabric.netns, ["link add eth0 type bridge mcast_snooping 0"] +
             [f"addr add {cidr} dev eth0 nodad" for cidr in fabric.cidrs if ":" in cidr] +
             [f"addr add {cidr} dev eth0" for cidr in fabric.cidrs if ":" not in cidr] + ["link set eth0 up"])
    for box in lab.boxes[1:]:
        master = "" if box is lab.client else " master eth0"
        ip_batch(box.netns, [f"link add eth0 type veth peer name {box.name} netns {fabric.netns}"])
        ip_batch(fabric.netns, [f"link set {box.name}{master} up"] if master else
                 [f"addr add {client_side[0]} dev {box.name}", f"addr add {client_side[1]} dev {box.name} nodad",
                  f"link set {box.name} up"])
        ip_batch(box.netns, [f"addr add {box.cidrs[0]} dev eth0", f"addr add {box.cidrs[1]} dev eth0 nodad",
                             "link set eth0 up"] + [f"route add default via {gw}" for gw in box.gateways])


def write_configuration(lab):
    with open(os.path.join(lab.record_dir, "port"), "w") as f:
        f.write(f"{lab.port}\n")
    config.write(lab.fabric.path("bird", "bird.conf"), config.fabric_bird(lab))
    for box in [lab.fabric, *lab.nodes]:
        config.write(box.path("bird", "birdc"), config.birdc(box), 0o700)
    for node in lab.nodes:
        config.write(node.path("bird", "bird.conf"), config.node_bird())
        config.write(node.path("beelined.yaml"), config.agent(lab, node))


def write_credentials(lab, controlplane):
    server = controlplane.server()
    controlplane.write_kubeconfig(lab.kubeconfig, "kubernetes-admin", "system:masters",
                                  f"https://127.0.0.1:{lab.port}")
    controlplane.write_kubeconfig(lab.ctl.path("spreader.kubeconfig"), "system:kube-scheduler", "system:authenticated",
                                  server)
    for node in lab.nodes:
        controlplane.write_kubeconfig(node.path("kubeconfig"), "system:serviceaccount:kube-system:beeline",
                                      "system:serviceaccounts", server)
        controlplane.write_kubeconfig(node.path("runner.kubeconfig"), f"system:node:{node.name}", "system:nodes", server)


def start_parts(lab, say):
    """In order: the API, the fabric's BIRD, then every node; each kind is waited for once all of it runs."""
    known = parts(lab)
    for one in known[:2]:
        one.start()
        one.wait()
        if one.name == "controlplane":
            write_credentials(lab, one)
    say(f"API server answers on https://127.0.0.1:{lab.port}")
    for one in known[2:]:
        if not isinstance(one, Spreader):
            one.start()
    for name, what in (("bird", "BIRD runs on fabric and nodes"), ("runner", None),
                       ("beelined", "agents have loaded their programs and take pods")):
        for one in known:
            if one.name == name:
                one.wait()
        if what:
            say(what)
    known[-1].start()
    asyncio.run(wait_nodes(lab))
    say("every node is Ready")
    if lab.routing != "direct":
        for one in known:
            if one.name == "bird":
                wait_until(one.id, lambda one=one: one.problem() is None, one.process, one.log)
        say("every BGP session is established")


async def wait_nodes(lab, seconds=30):
    """Until every node says that it is Ready."""
    ready, done = set(), asyncio.Event()

    def look(kind, node):
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node.get("status", {}).get("conditions", [])):
            ready.add(node["metadata"]["name"])
        if len(ready) == lab.size:
            done.set()

    watch = asyncio.create_task(Api(lab.kubeconfig).follow("/api/v1/nodes", lambda nodes: [look("", n) for n in nodes],
                                                           look))
    try:
        await asyncio.wait_for(done.wait(), seconds)
    except asyncio.TimeoutError:
        lacking = " ".join(n.name for n in lab.nodes if n.name not in ready)
        raise LabError(f"not Ready after {seconds} s: {lacking}") from None
    finally:
        watch.cancel()


def up(lab, say):
    """Brings a lab up, or leaves nothing of it."""
    step = "check"
    check(lab)
    held = make_folders(lab)
    try:
        lab.port = free_port()
        for step, work in (("folders, cgroups and bpffs", make_places), ("network namespaces", make_namespaces),
                           ("links and addresses", make_links), ("configuration", write_configuration)):
            work(lab)
            say(step)
        step = "programs"
        start_parts(lab, say)
    except BaseException as err:
        keep_logs(lab)
        down(lab.name, held)
        if isinstance(err, LabError):
            raise LabError(f"step '{step}': {err}") from err
        raise
    os.close(held)


def keep_logs(lab):
    """BEELINE_LAB_LOGS=folder keeps what the programs of a lab said when it fails to come up."""
    where = os.environ.get("BEELINE_LAB_LOGS")
    for log in glob.glob(os.path.join(lab.dir, "*", "*.log")) if where else []:
        os.makedirs(where, exist_ok=True)
        with open(log, "rb") as f, open(os.path.join(where, "-".join(log.split("/")[-2:])), "wb") as out:
            out.write(f.read())


# --- down ---------------------------------------------------------------------------------------------------------------


def down(name, held=None):
    """Takes a lab away, whole or half made; says whether there was one."""
    if not Lab(name).exists():
        return False
    lab = Lab.load(name)
    held = lock(lab) if held is None else held
    if lab.cgroup:
        for one in reversed(parts(lab)):
            one.process.stop(patience=3)
        kill_cgroup(lab.cgroup)
    for netns in glob.glob(os.path.join(lab.record_dir, "netns", "*")):
        if os.path.exists("/run/netns/" + os.path.basename(netns)):
            run("ip", "netns", "del", os.path.basename(netns))
    if lab.bpf_dir:
        remove_tree(lab.bpf_dir)
    if lab.cgroup:
        remove_cgroup(lab.cgroup)
    remove_tree(lab.dir)
    os.close(held)
    last_one_out()
    return True


def last_one_out():
    """The folder of all labs goes with the last of them, and so does a cgroup mount that was made for labs."""
    private = os.path.join(RUN, ".cgroup2")
    if os.listdir(RUN) == [".cgroup2"]:
        run("umount", private)
        os.rmdir(private)
    try:
        os.rmdir(RUN)
    except OSError:
        pass  # other labs are up
