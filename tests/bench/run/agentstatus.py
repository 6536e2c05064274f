# SPDX-License-Identifier: Apache-2.0
"""What an agent says of itself, over its socket: a frame is four bytes of length, big-endian, and one JSON value."""
import json
import os
import socket
import struct


def ask(path, op, **fields):
    """The answer to one request; OSError where nobody answers or the agent refuses."""
    body = json.dumps({"op": op, **fields}).encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(path)
        s.sendall(struct.pack(">I", len(body)) + body)
        with s.makefile("rb") as stream:
            head = stream.read(4)
            if len(head) < 4:
                raise OSError(f"{path}: the agent went away")
            answer = json.loads(stream.read(struct.unpack(">I", head)[0]))
    if "error" in answer:
        raise OSError(f"{op}: {answer['error'].get('msg')}")
    return answer["ok"]


def resident(pid):
    """Bytes of a process in memory."""
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS:"))


def bpf_memory(pid):
    """Bytes of kernel memory behind the BPF maps and programs that a process holds, each counted once."""
    held = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                fields = dict(line.split(":", 1) for line in f if ":" in line)
        except FileNotFoundError:
            continue
        for key in ("map_id", "prog_id"):
            if key in fields and "memlock" in fields:
                held[key, int(fields[key])] = int(fields["memlock"])
    return sum(held.values())
