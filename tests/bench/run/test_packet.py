# SPDX-License-Identifier: Apache-2.0
import unittest

from run import fakes
from run.rows import packet


class Packet(unittest.TestCase):
    FOUND = {"uncounted": None, "rows": [{"what": "empty program", "family": 4, "flows": 1, "ns": [20.0, 21.0], "instructions": [80.0, 81.0]},
                                         {"what": "pod to pod", "family": 6, "flows": 1024, "ns": [90.0, 95.0], "net": [60.0, 61.0], "times_empty": [4.0, 4.1]}]}

    def test_each_hook_has_what_was_measured(self):
        ctx = fakes.context()
        packet.put_hooks(ctx, self.FOUND)
        self.assertEqual([(r["metric"], r["params"]["what"]) for r in ctx.records],
                         [("time", "empty program"), ("instructions", "empty program"), ("time", "pod to pod"), ("net", "pod to pod"),
                          ("times_empty", "pod to pod")])
        self.assertEqual(ctx.failures, [])

    def test_a_machine_that_does_not_count_says_so(self):
        ctx = fakes.context()
        packet.put_hooks(ctx, {"uncounted": "No such file or directory", "rows": []})
        self.assertEqual([(f["wrong"], "not countable" in f["reason"]) for f in ctx.failures], [(False, True)])

    def test_callgrinds_count_is_read_and_its_absence_is_an_error(self):
        self.assertEqual(packet.collected("==1== Events    : Ir\n==1== Collected : 387526\n==1==\n"), 387526)
        with self.assertRaises(packet.PacketError):
            packet.collected("==1== cannot run")


if __name__ == "__main__":
    unittest.main()
