# SPDX-License-Identifier: Apache-2.0
"""The configuration files that a lab's programs read."""
import os
import shlex

from .plan import CLUSTER_CIDRS, FABRIC_ASN, MESH_ASN, ROOT, SERVICE_CIDRS


def write(path, text, mode=0o600):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "w") as f:
        f.write(text)


def agent(lab, node):
    """beelined's configuration on a node."""
    peers = [{"name": f"fabric{family}", "address": address, "asn": FABRIC_ASN}
             for family, address in zip("46", lab.fabric.addresses)]
    lines = [
        f"nodeName: {node.name}",
        f"kubeconfig: {node.path('kubeconfig')}",
        f"runDir: {node.path('run')}",
        f"stateDir: {node.path('state')}",
        f"bpfDir: {node.bpf_dir}",
        f"cgroup: {node.cgroup}",
        "uplinks: [eth0]",
        "xdp: generic",  # a veth's own mode needs more of its peer than the router gives
        f"serviceCIDRs: [\"{SERVICE_CIDRS[0]}\", \"{SERVICE_CIDRS[1]}\"]",
        f"clusterCIDRs: [\"{CLUSTER_CIDRS[0]}\", \"{CLUSTER_CIDRS[1]}\"]",
        "nodePorts: 30000-32767",
        "masquerade: true",
        f"routing: {'direct' if lab.routing == 'direct' else 'bgp'}",
    ]
    if lab.routing != "direct":
        lines += [
            "bgp:",
            f"  asn: {node.asn}",
            f"  routerID: {node.addresses[0]}",
            f"  birdSocket: {node.path('bird', 'bird.ctl')}",
            f"  birdConfig: {node.path('bird', 'beeline.conf')}",
            f"  mesh: {'true' if lab.routing == 'mesh' else 'false'}",
            "  peers:",
        ]
        lines += [f"    - {{name: {p['name']}, address: \"{p['address']}\", asn: {p['asn']}}}" for p in peers]
    lines += ["cni:", f"  confDir: {node.path('cni')}", "logLevel: info"]
    return "\n".join(lines) + "\n"


def node_bird():
    """BIRD's main file on a node: the one that ships."""
    with open(os.path.join(ROOT, "deploy", "bird", "bird.conf")) as f:
        return f.read()


def birdc(box):
    """birdc on a box, which finds the box's own BIRD."""
    return f'#!/bin/sh\nexec /usr/sbin/birdc -s {shlex.quote(box.path("bird", "bird.ctl"))} "$@"\n'


def fabric_bird(lab):
    """The fabric router: one session a family with every node, and what it learns goes into its kernel table."""
    parts = [FABRIC_HEAD.format(id=lab.fabric.addresses[0])]
    for node in lab.nodes if lab.routing != "direct" else []:
        for family, address in zip("46", node.addresses):
            parts.append(FABRIC_PEER.format(name=node.name, family=family, address=address, asn=node.asn,
                                            local=lab.fabric.addresses["46".index(family)], fabric=FABRIC_ASN))
    if lab.routing == "direct":
        parts.append("# nodes without BGP: nothing tells the fabric where pods are\n")
    return "\n".join(parts)


FABRIC_HEAD = """\
log stderr all;
router id {id};

protocol device {{ }}

protocol direct {{
	ipv4;
	ipv6;
}}

protocol kernel kernel4 {{
	merge paths on;
	ipv4 {{ import none; export where source = RTS_BGP; }};
}}

protocol kernel kernel6 {{
	merge paths on;
	ipv6 {{ import none; export where source = RTS_BGP; }};
}}
"""

FABRIC_PEER = """\
protocol bgp {name}_v{family} {{
	local {local} as {fabric};
	neighbor {address} as {asn};
	direct;
	connect delay time 1;
	connect retry time 1;
	error wait time 1, 2;
	graceful restart on;
	ipv{family} {{ import all; export where source = RTS_BGP; }};
}}
"""
