# SPDX-License-Identifier: Apache-2.0
import errno
import os
import socket
import struct
import subprocess
import sys
import unittest

from run import conntrack, world
from run.base import Direct, Routed


def namespaces(pid=None):
    """Those that a process made: others may come and go meanwhile."""
    prefix = f"blb{pid or os.getpid()}-"
    return [name for name in os.listdir("/run/netns") if name.startswith(prefix)] if os.path.isdir("/run/netns") else []


class Conntrack(unittest.TestCase):
    def test_the_message_is_a_delete_without_a_tuple(self):
        length, kind, flags, _, _ = struct.unpack_from("=IHHII", conntrack.flush_message())
        self.assertEqual((length, len(conntrack.flush_message())), (20, 20))
        self.assertEqual((kind >> 8, kind & 0xff), (1, 2))
        self.assertEqual(flags, 5)

    def test_an_answer_tells_success_and_failure(self):
        def answer(kind, code):
            return struct.pack("=IHHIIi", 36, kind, 0, 1, 0, code)
        self.assertEqual(conntrack.error_of(answer(2, 0)), 0)
        self.assertEqual(conntrack.error_of(answer(2, -errno.EPERM)), errno.EPERM)
        self.assertEqual(conntrack.error_of(answer(3, 0)), errno.EBADMSG)


@unittest.skipIf(os.geteuid(), "makes network namespaces: needs root")
class Topologies(unittest.TestCase):
    def reach(self, one):
        """One request and its answer from the client to the server, in both families."""
        code = ("import socket,sys\n"
                "s = socket.create_server(('::', 8080), family=socket.AF_INET6, dualstack_ipv6=True)\n"
                "print('ready', flush=True)\n"
                "for _ in range(2):\n"
                "    c, a = s.accept(); c.sendall(a[0].encode()); c.close()\n")
        ask = "import socket,sys\nprint(socket.create_connection((sys.argv[1], 8080), 5).recv(99).decode())"
        with subprocess.Popen(one.server(sys.executable, "-c", code), stdout=subprocess.PIPE, text=True) as server:
            try:
                self.assertEqual(server.stdout.readline(), "ready\n")
                return [subprocess.run(one.client(sys.executable, "-c", ask, one.server_address(f)), capture_output=True,
                                       text=True, timeout=20).stdout.strip() for f in (4, 6)]
            finally:
                server.kill()

    def test_client_reaches_server_in_both_families(self):
        for kind in (Direct, Routed):
            one = kind()
            one.up()
            try:
                self.assertEqual(self.reach(one), ["::ffff:" + world.CLIENT[4], world.CLIENT[6]])
            finally:
                one.down()

    def test_down_leaves_nothing(self):
        for kind, count in ((Direct, 2), (Routed, 3)):
            one = kind()
            one.up()
            self.assertEqual(len(namespaces()), count)
            one.down()
            one.down()
            self.assertEqual(namespaces(), [])
            self.assertFalse(kind().take_away())

    def test_a_failure_half_way_leaves_nothing(self):
        wire = world.wire_pod
        world.wire_pod = lambda *_: (_ for _ in ()).throw(OSError("no"))
        try:
            with self.assertRaises(OSError):
                Routed().up()
        finally:
            world.wire_pod = wire
        self.assertEqual(namespaces(), [])

    def test_a_killed_run_leaves_nothing(self):
        code = ("import os, signal, sys\nfrom run import world\nfrom run.base import Direct\n"
                "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
                "d = Direct(); d.up(); print(len(os.listdir('/run/netns')), flush=True)\n"
                "os.kill(os.getpid(), signal.SIGTERM)\n")
        with subprocess.Popen([sys.executable, "-B", "-c", code], stdout=subprocess.PIPE,
                              cwd=os.path.join(world.ROOT, "tests", "bench")) as child:
            self.assertGreaterEqual(int(child.stdout.read()), 2)
            self.assertEqual(child.wait(), 143)
        self.assertEqual(namespaces(child.pid), [])

    def test_connections_are_forgotten(self):
        one = Routed()
        one.up()
        try:
            world.flush_conntrack(one.node_ns)
        finally:
            one.down()


if __name__ == "__main__":
    unittest.main()
