# SPDX-License-Identifier: Apache-2.0
"""What a lab consists of: names, folders and addresses, all of them functions of its name and size.

                 ctl          node1        node2   ...
                  |.2           |.11         |.12           172.20.0.0/24, fd00:20::/64
            ------+------+------+------------+------
                         |.1
                       fabric (BIRD)
                         |.1                                203.0.113.0/24, 2001:db8:77::/64
                       client

Every box is a network namespace bl-NAME-BOX, and all links run between these namespaces, none through the machine's
own: so labs stand side by side with the same addresses. What one lab owns lies in /run/beeline-lab/NAME, in one folder
of bpffs and in one cgroup.
"""
import json
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(ROOT, "tests", "lab", "bin")
RUN = "/run/beeline-lab"
BPFFS = "/sys/fs/bpf"
SERVICE_CIDRS = ["10.96.0.0/16", "fd00:10:96::/112"]
CLUSTER_CIDRS = ["10.244.0.0/16", "fd00:10:244::/56"]
FABRIC_ASN = 64512
MESH_ASN = 64600
API_PORT = 6443
MAX_NODES = 100
ROUTINGS = ("bgp", "mesh", "direct")


class LabError(Exception):
    """What went wrong, for a person; the lab's commands print it and exit 1."""


class Box:
    """A machine of the lab: a network namespace with one uplink, eth0."""

    def __init__(self, lab, name, host, v4="172.20.0.{}/24", v6="fd00:20::{}/64", gateway=1):
        self.lab, self.name, self.host = lab, name, host
        self.netns = f"bl-{lab.name}-{name}"
        self.cidrs = [v4.format(host), v6.format(host)]
        self.gateways = [v4.split("{}")[0] + str(gateway), v6.split("{}")[0] + str(gateway)]
        self.dir = os.path.join(lab.dir, name)
        self.cgroup = os.path.join(lab.cgroup, name) if lab.cgroup else None

    @property
    def addresses(self):
        return [cidr.split("/")[0] for cidr in self.cidrs]

    @property
    def netns_path(self):
        return "/run/netns/" + self.netns

    def path(self, *parts):
        return os.path.join(self.dir, *parts)


class Node(Box):
    """A node: what its agent, BIRD and runner use."""

    def __init__(self, lab, index):
        super().__init__(lab, f"node{index}", 10 + index)
        self.asn = MESH_ASN if lab.routing == "mesh" else MESH_ASN + index
        self.bpf_dir = os.path.join(lab.bpf_dir, self.name) if lab.bpf_dir else None

    @property
    def host_cgroup(self):
        """Where the node's own processes live; its pods live in pods/ beside it."""
        return os.path.join(self.cgroup, "host")

    @property
    def socket(self):
        return self.path("run", "beelined.sock")

    @property
    def conflist(self):
        return self.path("cni", "10-beeline.conflist")


class Lab:
    """A lab by its name; `load` reads what `up` decided."""

    def __init__(self, name, size=3, routing="bgp", port=0, cgroup=None, bpf_dir=None, bin_dir=None):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?", name):
            raise LabError(f"'{name}' is no name for a lab: a-z, 0-9 and -, 20 characters at most")
        if not 1 <= size <= MAX_NODES:
            raise LabError(f"a lab has 1 to {MAX_NODES} nodes, not {size}")
        self.name, self.size, self.routing, self.port = name, size, routing, port
        self.cgroup, self.bpf_dir, self.bin_dir = cgroup, bpf_dir, bin_dir
        self.dir = os.path.join(RUN, name)
        self.record_dir = os.path.join(self.dir, "record")
        self.cni_path = bin_dir
        self.kubeconfig = os.path.join(self.dir, "kubeconfig")
        self.fabric = Box(self, "fabric", 1)
        self.ctl = Box(self, "ctl", 2)
        self.client = Box(self, "client", 2, "203.0.113.{}/24", "2001:db8:77::{}/64")
        self.nodes = [Node(self, i) for i in range(1, size + 1)]

    @property
    def boxes(self):
        return [self.fabric, self.ctl, self.client] + self.nodes

    def exists(self):
        return os.path.isdir(self.dir)

    def node(self, name):
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"lab '{self.name}' has no node '{name}': " + " ".join(n.name for n in self.nodes))

    def program(self, name):
        return os.path.join(self.bin_dir, name)

    def save(self):
        keys = ("name", "size", "routing", "port", "cgroup", "bpf_dir", "bin_dir")
        text = json.dumps({key: getattr(self, key) for key in keys}, indent=1)
        tmp = os.path.join(self.dir, "lab.json.tmp")
        with open(tmp, "w") as f:
            f.write(text + "\n")
        os.rename(tmp, os.path.join(self.dir, "lab.json"))

    @classmethod
    def load(cls, name):
        lab = cls(name)
        if not lab.exists():
            raise LabError(f"there is no lab '{name}' (scripts/lab up --name {name})")
        try:
            with open(os.path.join(lab.dir, "lab.json")) as f:
                return cls(**json.load(f))
        except FileNotFoundError:
            return lab
