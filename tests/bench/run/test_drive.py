# SPDX-License-Identifier: Apache-2.0
"""The real drivers on loopback, in a network namespace of their own where that may be had."""
import os
import socket
import subprocess
import types
import unittest
from unittest import mock

from run import drive, stats

HERE = types.SimpleNamespace(client_ns=None, client_cgroup=None, server_ns=None, server_cgroup=None)


def free_ports():
    """Two ports after each other that nobody has, TCP."""
    for _ in range(100):
        with socket.socket() as a, socket.socket() as b:
            a.bind(("127.0.0.1", 0))
            port = a.getsockname()[1]
            try:
                b.bind(("127.0.0.1", port + 1))
                return port, port + 1
            except (OSError, OverflowError):
                continue
    raise unittest.SkipTest("no two free ports")


@unittest.skipUnless(os.path.exists(drive.program("bench_client")), "the drivers are not built")
class Drivers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ports = free_ports()
        cls.server = drive.Server(None, cls.ports)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_every_latency_counts_each_operation_over_both_families_and_ports(self):
        for addr in ("127.0.0.1", "::1"):
            for port in self.ports:
                for mode in drive.LATENCIES:
                    with self.subTest(addr=addr, port=port, mode=mode):
                        found = drive.latency(HERE, addr, port, mode, 50)
                        self.assertEqual(found["n"], 50)
                        self.assertEqual(found["errors"], 0)
                        self.assertEqual(sum(b[2] for b in found["buckets"]), 50)
                        self.assertGreater(found["min"], 0)
                        self.assertGreater(found["rate"], 0)
                        points = [found[p] for p in stats.POINTS]
                        self.assertEqual(points, sorted(points))

    def test_python_reads_the_percentiles_that_the_driver_printed(self):
        found = drive.latency(HERE, "127.0.0.1", self.ports[0], "rr", 500)
        for name, share in stats.POINTS.items():
            width = max(w for low, w, _ in found["buckets"] if low <= found[name] + 1)
            self.assertAlmostEqual(stats.percentile(found["buckets"], share), found[name], delta=width + 0.1)

    def test_a_connect_is_part_of_its_operation(self):
        found = drive.latency(HERE, "127.0.0.1", self.ports[0], "crr", 200)
        self.assertEqual(found["connect"]["n"], 200)
        self.assertLess(found["connect"]["mean"], found["mean"])

    def test_datagrams_are_answered_without_a_connected_socket(self):
        for addr in ("127.0.0.1", "127.0.0.7", "::1"):
            self.assertEqual(drive.latency(HERE, addr, self.ports[1], "udp-rr", 50, unconnected=True)["n"], 50)

    def test_answers_come_from_the_address_that_was_asked(self):
        self.assertEqual(drive.latency(HERE, "127.0.0.7", self.ports[0], "udp-rr", 50)["n"], 50)

    def test_streams_count_what_arrived(self):
        for addr in ("127.0.0.1", "::1"):
            for streams, reverse in ((1, False), (8, False), (1, True)):
                found = drive.stream(HERE, addr, self.ports[0], streams, 20, 1, reverse)
                self.assertGreater(found["bytes"], 100000)
                self.assertAlmostEqual(found["goodput"] * found["seconds"], found["bytes"] * 8, delta=found["bytes"] * 0.01)

    def test_server_and_client_may_go_before_all_others(self):
        if not drive.hurry([self.server]):
            self.skipTest("no SCHED_FIFO here")
        self.addCleanup(os.sched_setscheduler, self.server.process.pid, os.SCHED_OTHER, os.sched_param(0))
        self.assertEqual(os.sched_getscheduler(self.server.process.pid), os.SCHED_FIFO)
        self.assertGreater(drive.stream(HERE, "127.0.0.1", self.ports[0], 1, 20, 1, eager=True)["bytes"], 100000)

    def test_a_flood_counts_what_arrived(self):
        for addr in ("127.0.0.1", "::1"):
            found = drive.pps(HERE, addr, self.ports[1], 20, warm_ms=1)
            self.assertGreater(found["n"], 32)
            self.assertLessEqual(found["n"], found["sent"])
            self.assertAlmostEqual(found["lost"], 1 - found["n"] / found["sent"])

    def test_who_refuses_is_an_error_with_its_reason(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))  # bound and not listening: refused
            for mode in ("crr", "rr"):
                with self.assertRaisesRegex(drive.DriveError, "connect: Connection refused"):
                    drive.latency(HERE, "127.0.0.1", s.getsockname()[1], mode, 10)

    def test_a_server_that_cannot_listen_says_why(self):
        with self.assertRaisesRegex(drive.DriveError, f"port {self.ports[0]}: Address already in use"):
            drive.Server(None, self.ports)

    def test_a_server_ends_with_who_started_it(self):
        server = drive.Server(None, free_ports())
        server.process.stdin.close()
        self.assertEqual(server.process.wait(timeout=60), 0)
        server.process.stdout.close()
        server.process.stderr.close()

    def test_a_namespace_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(drive.DriveError, "no-such-netns-of-a-bench"):
            drive.client("no-such-netns-of-a-bench", None, "--addr", "127.0.0.1")

    def test_a_client_that_waits_for_nothing_gives_up_at_its_limit(self):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            done = subprocess.run([drive.program("bench_client"), "--mode", "rr", "--addr", "127.0.0.1", "--limit", "1",
                                   "--port", str(mute.getsockname()[1])], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Interrupted", done.stdout)


class Checks(unittest.TestCase):
    def test_who_cannot_hurry_holds_back_the_others(self):
        servers = [types.SimpleNamespace(process=types.SimpleNamespace(pid=n)) for n in (1, 2)]
        told = {}

        def tell(pid, policy, param):
            if pid == 2 and policy == os.SCHED_FIFO:
                raise PermissionError(1, "no")
            told[pid] = policy, param.sched_priority

        with mock.patch.object(os, "sched_setscheduler", tell):
            self.assertFalse(drive.hurry(servers))
        self.assertEqual(told, {1: (os.SCHED_OTHER, 0), 2: (os.SCHED_OTHER, 0)})

    def test_few_failures_of_many_operations_are_let_pass(self):
        found = {"mode": "crr", "n": 2000, "errors": 20, "bytes": 1, "error": "recv: x"}
        self.assertIs(drive.check(found, "w"), found)
        with self.assertRaisesRegex(drive.DriveError, "w: 21 errors, 2000 operations done: recv: x"):
            drive.check({**found, "errors": 21}, "w")

    def test_a_stream_with_an_error_is_none(self):
        with self.assertRaises(drive.DriveError):
            drive.check({"mode": "stream", "n": 0, "errors": 1, "bytes": 10 ** 9, "error": "send: x"}, "w")

    def test_a_run_without_anything_done_is_none(self):
        with self.assertRaisesRegex(drive.DriveError, "nothing was done"):
            drive.check({"mode": "pps", "n": 0, "errors": 0, "bytes": 0}, "w")

    def test_ports_with_a_gap_are_refused(self):
        with self.assertRaisesRegex(drive.DriveError, "one after the other"):
            drive.Server(None, (8080, 8082))


if __name__ == "__main__":
    unittest.main()
