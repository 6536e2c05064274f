# SPDX-License-Identifier: Apache-2.0
import os
import unittest
from unittest import mock

from run import candidate, kubeproxy
from run.base import Unavailable
from run.test_world import namespaces
from lablib.cli import programs
from lablib.plan import LabError

TEXT = """\
# HELP kubeproxy_sync_full_proxy_rules_duration_seconds [ALPHA] SyncProxyRules latency in seconds for full resyncs
# TYPE kubeproxy_sync_full_proxy_rules_duration_seconds histogram
kubeproxy_sync_full_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.001"} 0
kubeproxy_sync_full_proxy_rules_duration_seconds_sum{ip_family="IPv4"} 1.25
kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1
kubeproxy_sync_full_proxy_rules_duration_seconds_sum{ip_family="IPv6"} 0.25
kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv6"} 1
kubeproxy_sync_proxy_rules_service_changes_pending{ip_family="IPv4"} 0
kubeproxy_sync_proxy_rules_endpoint_changes_pending{ip_family="IPv4"} 0
kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv4"} 1.7600000000000e+09
kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} 1.7600000010000e+09
"""


class Metrics(unittest.TestCase):
    def test_families_are_summed(self):
        found = kubeproxy.parse_metrics(TEXT)
        self.assertEqual(kubeproxy.sync_seconds(found, "full"), (2, 1.5))
        self.assertEqual(kubeproxy.sync_seconds(found, "partial"), (0, 0))

    def test_pending_changes_and_a_later_queue_are_not_settled(self):
        self.assertTrue(kubeproxy.settled(kubeproxy.parse_metrics(TEXT)))
        self.assertFalse(kubeproxy.settled({}))
        pending = TEXT.replace('endpoint_changes_pending{ip_family="IPv4"} 0', 'endpoint_changes_pending{ip_family="IPv4"} 2')
        self.assertFalse(kubeproxy.settled(kubeproxy.parse_metrics(pending)))
        queued = TEXT.replace("1.7600000000000e+09", "1.7600000020000e+09")
        self.assertFalse(kubeproxy.settled(kubeproxy.parse_metrics(queued)))


class Choice(unittest.TestCase):
    def test_kube_proxy_takes_part_where_it_is_given(self):
        with mock.patch.dict(os.environ, {"KUBE_PROXY": ""}):
            self.assertNotIn("kube-proxy-iptables", candidate.kinds())
        with mock.patch.dict(os.environ, {"KUBE_PROXY": "/usr/bin/kube-proxy"}):
            self.assertEqual(list(candidate.kinds())[-3:], [f"kube-proxy-{mode}" for mode in kubeproxy.MODES])

    def test_a_path_without_a_program_is_unavailable(self):
        with mock.patch.dict(os.environ, {"KUBE_PROXY": "/nonexistent"}), self.assertRaises(Unavailable):
            kubeproxy.KUBE_PROXIES[0]().up()

    @unittest.skipIf(os.geteuid() or not os.path.exists(os.path.join(programs(), "beeline-controlplane")),
                     "needs root and the programs")
    def test_a_kube_proxy_that_ends_leaves_nothing(self):
        with mock.patch.dict(os.environ, {"KUBE_PROXY": "/bin/false"}):
            with self.assertRaisesRegex(LabError, "kube-proxy ended"):
                kubeproxy.KUBE_PROXIES[0]().up()
        self.assertEqual(namespaces(), [])
        self.assertFalse([name for name in os.listdir("/tmp") if name.startswith(f"blb{os.getpid()}-") and "xtables" not in name])


if __name__ == "__main__":
    unittest.main()
