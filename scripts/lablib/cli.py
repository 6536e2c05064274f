# SPDX-License-Identifier: Apache-2.0
"""The command line of scripts/lab."""
import argparse
import json
import os
import shlex
import signal
import sys
import time

from . import build
from .parts import part, parts
from .plan import ROOT, ROUTINGS, TOOLS, Lab, LabError
from .system import end_in_order, in_cgroup, inside

EPILOG = """\
PART is BOX/PROGRAM as `status` lists them, like node1/beelined. Several labs stand side by side by --name.
The programs come from $O/bin (default: out/bin)."""


def say(text):
    print(f"lab: {text}", flush=True)


def programs():
    return os.path.abspath(os.path.join(ROOT, os.environ.get("O", "out"), "bin"))


def cmd_up(args):
    began = time.monotonic()
    lab = Lab(args.name, args.nodes, args.routing, bin_dir=programs())

    def step(text):
        say(f"{time.monotonic() - began:5.1f} s  {text}")

    build.up(lab, step)
    step(f"lab '{lab.name}' is up: {lab.size} nodes. eval \"$(scripts/lab env{name_option(lab)})\"; kubectl get nodes")


def name_option(lab):
    return "" if lab.name == "default" else f" --name {lab.name}"


def cmd_down(args):
    say(f"lab '{args.name}' is gone" if build.down(args.name) else f"there is no lab '{args.name}'")


def cmd_status(args):
    lab = Lab.load(args.name)
    wrong = 0
    for one in parts(lab):
        state = one.state()
        wrong += state != "ok"
        print(f"{one.id:24} pid {one.process.pid() or '-':<8} {state}")
    print(f"lab '{lab.name}': {lab.size} nodes, {lab.routing}, {wrong or 'no'} part{'s' * (wrong != 1)} with a problem")
    return 1 if wrong else 0


def cmd_env(args):
    lab = Lab.load(args.name)
    found = {"KUBECONFIG": lab.kubeconfig}
    if args.node:
        node = lab.node(args.node)
        found.update(NETNS=node.netns_path, BEELINE_SOCKET=node.socket, BEELINE_BPF_DIR=node.bpf_dir,
                     CNI_PATH=lab.cni_path, CNI_CONF=node.conflist)
    for key, value in found.items():
        print(f"{key}={shlex.quote(value)}")
    print("export " + " ".join(found))


def become(netns_path, cgroup, command, env=None):
    """Runs a command in a place of the lab, in this process's stead."""
    command = inside(netns_path, *command)
    if cgroup:
        command = in_cgroup(cgroup, *command)
    os.execvpe(command[0], command, {**os.environ, **(env or {})})


def search(*folders):
    """A PATH with the lab's own programs."""
    return ":".join([*folders, TOOLS, os.environ["PATH"]])


def cmd_node(args):
    lab = Lab.load(args.name)
    node = lab.node(args.node)
    env = {"BEELINE_SOCKET": node.socket, "BEELINE_BPF_DIR": node.bpf_dir, "CNI_PATH": lab.cni_path,
           "CNI_CONF": node.conflist, "PATH": search(node.path("bird"), lab.bin_dir)}
    become(node.netns_path, None if args.per_packet else node.host_cgroup, args.command, env)


def cmd_exec(args):
    lab = Lab.load(args.name)
    namespace, _, pod = args.pod.rpartition("/")
    for node in lab.nodes:
        try:
            with open(node.path("pods", f"{namespace or 'default'}_{pod}.json")) as f:
                found = json.load(f)
        except FileNotFoundError:
            continue
        env = {"HOSTNAME": pod, "PATH": found["path"] + ":" + os.environ["PATH"]}
        become(found["netns"], None if args.per_packet else found["cgroup"], args.command, env)
    raise LabError(f"no node of lab '{lab.name}' runs a pod {args.pod}")


def cmd_client(args):
    box = Lab.load(args.name).client
    become(box.netns_path, box.cgroup, args.command, {"PATH": search()})


def cmd_fabric(args):
    box = Lab.load(args.name).fabric
    become(box.netns_path, box.cgroup, args.command, {"PATH": search(box.path("bird"))})


def cmd_start(args):
    one = part(Lab.load(args.name), args.part)
    one.start()
    one.wait()


def cmd_stop(args):
    part(Lab.load(args.name), args.part).process.stop()


def cmd_kill(args):
    part(Lab.load(args.name), args.part).process.stop(signal.SIGKILL)


def cmd_log(args):
    one = part(Lab.load(args.name), args.part)
    os.execvp("cat", ["cat", one.log])


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"lab: {message} ({self.prog} --help)\n")


def parser():
    top = Parser(prog="scripts/lab", description="Kubernetes nodes as network namespaces of this machine.", epilog=EPILOG,
                 formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def add(verb, work, help_text, *arguments):
        sub = commands.add_parser(verb, help=help_text, description=help_text)
        sub.add_argument("--name", default="default", help="the lab (default: default)")
        for names, options in arguments:
            sub.add_argument(*names, **options)
        sub.set_defaults(work=work)

    per_packet = (("--per-packet",), {"action": "store_true", "help": "stay out of the cgroup, so that the socket hooks "
                                      "do not see the command; its packets to Services are then translated one by one"})
    one_part = (("part",), {"metavar": "PART"})
    add("up", cmd_up, "bring a lab up",
        (("--nodes",), {"type": int, "default": 3, "help": "how many (default: 3)"}),
        (("--routing",), {"choices": ROUTINGS, "default": "bgp", "help": "bgp: every node with the fabric router; mesh: "
                          "with each other too; direct: routes without BGP (default: bgp)"}))
    add("down", cmd_down, "take a lab away, with everything that it made")
    add("status", cmd_status, "each program of a lab and what is wrong with it")
    add("env", cmd_env, "shell assignments for eval", (("node",), {"nargs": "?", "metavar": "NODE"}))
    add("exec", cmd_exec, "run a command in a pod", per_packet, (("pod",), {"metavar": "NAMESPACE/POD"}))
    add("node", cmd_node, "run a command on a node", per_packet, (("node",), {"metavar": "NODE"}))
    add("client", cmd_client, "run a command on the client behind the fabric router")
    add("fabric", cmd_fabric, "run a command on the fabric router")
    add("start", cmd_start, "start a program of a lab", one_part)
    add("stop", cmd_stop, "end a program of a lab by SIGTERM", one_part)
    add("kill", cmd_kill, "end a program of a lab by SIGKILL", one_part)
    add("log", cmd_log, "what a program of a lab said", one_part)
    return top


def main(argv):
    command = []
    if "--" in argv:
        at = argv.index("--")
        argv, command = argv[:at], argv[at + 1:]
    args = parser().parse_args(argv)
    args.command = command
    if args.verb in ("exec", "node", "client", "fabric") and not command:
        parser().error(f"{args.verb}: a command is wanted after --")
    end_in_order()
    try:
        return args.work(args)
    except LabError as err:
        print(f"lab: {err}", file=sys.stderr)
        return 1
    except FileNotFoundError as err:
        print(f"lab: {err.filename}: {err.strerror}", file=sys.stderr)
        return 127
    except KeyboardInterrupt:
        return 130
