# SPDX-License-Identifier: Apache-2.0
"""conntrack.py: forgets all connections that netfilter tracks in the network namespace in which it runs.

One ctnetlink message (linux/netfilter/nfnetlink_conntrack.h): IPCTNL_MSG_CT_DELETE without a tuple is a flush.
"""
import errno
import os
import socket
import struct
import sys

NETLINK_NETFILTER = 12
NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE = 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 1, 4, 2


def flush_message():
    body = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)  # struct nfgenmsg
    kind = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body


def error_of(answer):
    """The positive errno of an acknowledgement, 0 for success."""
    length, kind, _, _, _ = struct.unpack_from("=IHHII", answer)
    if kind != NLMSG_ERROR or length < 20:
        return errno.EBADMSG
    return -struct.unpack_from("=i", answer, 16)[0]


def main():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as s:
        s.settimeout(10)
        s.send(flush_message())
        code = error_of(s.recv(4096))
    if code:
        print(f"conntrack: {os.strerror(code)}", file=sys.stderr)
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
