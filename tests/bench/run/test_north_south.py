# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import unittest

from run import drive, world
from run.rows import north_south


class Counting(unittest.TestCase):
    def test_the_actions_packets_are_read(self):
        text = json.dumps({"nftables": [{"metainfo": {}}, {"rule": {"expr": [{"counter": {"packets": 42, "bytes": 1}}, {"drop": None}]}}]})
        self.assertEqual(north_south.packets(text), 42)

    def test_a_link_without_the_counter_is_an_error(self):
        with self.assertRaises(north_south.NorthSouthError):
            north_south.packets('{"nftables": []}')

    def test_losses_are_a_share_and_nothing_is_an_error(self):
        self.assertEqual(north_south.figures({"sent": 1000, "seconds": 0.5}, 900), {"delivered": 1800.0, "lost": 10.0})
        with self.assertRaises(north_south.NorthSouthError):
            north_south.figures({"sent": 1000, "seconds": 0.5}, 0)


@unittest.skipIf(os.geteuid(), "makes network namespaces: needs root")
class Frames(unittest.TestCase):
    """What bench_inject writes is taken by a stack: addresses, ports and checksums are right."""

    def received(self, family):
        ground = world.Ground("inject")
        try:
            client, server = ground.add("client"), ground.add("server")
            world.wire_direct(client, server)
            source = {4: "10.64.0.0/16", 6: "fd00:10:64::/64"}[family]
            world.ip_batch(server, [f"route add {source} dev eth0"])
            code = ("import socket,sys\ns = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\ns.setsockopt(41, 26, 0)\ns.bind(('::', 9))\ns.settimeout(10)\n"
                    "print('ready', flush=True)\nseen = set()\nwhile len(seen) < 3: seen.add(s.recvfrom(99)[1][:2])\nprint(sorted(seen))")
            with subprocess.Popen(world.enter(server, "python3", "-c", code), stdout=subprocess.PIPE, text=True) as reader:
                try:
                    self.assertEqual(reader.stdout.readline(), "ready\n")
                    sent = subprocess.run([drive.program("bench_inject"), "--netns", client, "--link", "eth0", "--mac", world.mac(server, "eth0"), "--addr",
                                           world.SERVER[family], "--port", "9", "--flows", "3", "--ms", "5"], input="\n", capture_output=True, text=True, timeout=20)
                    self.assertEqual(sent.returncode, 0, sent.stderr)
                    self.assertGreater(json.loads(sent.stdout.splitlines()[1])["sent"], 0)
                    return reader.stdout.read().strip()
                finally:
                    reader.kill()
        finally:
            ground.leave()

    def test_every_flow_arrives_over_ipv4(self):
        self.assertEqual(self.received(4), "[('::ffff:10.64.0.0', 1024), ('::ffff:10.64.0.0', 1025), ('::ffff:10.64.0.0', 1026)]")

    def test_every_flow_arrives_over_ipv6(self):
        self.assertEqual(self.received(6), "[('fd00:10:64::', 1024), ('fd00:10:64::', 1025), ('fd00:10:64::', 1026)]")


if __name__ == "__main__":
    unittest.main()
