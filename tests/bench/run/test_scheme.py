# SPDX-License-Identifier: Apache-2.0
import unittest

from run import scheme

SERVER = [("10.244.0.11", 8080), ("10.244.0.12", 8080)]


class Scheme(unittest.TestCase):
    def test_first_middle_and_last_are_live(self):
        self.assertEqual(scheme.live(10), [0, 5, 9])
        self.assertEqual(scheme.live(1), [0])
        self.assertEqual(scheme.live(2), [0, 1])
        self.assertEqual(scheme.live(0), [])

    def test_service_and_services_agree(self):
        for family in (4, 6):
            self.assertEqual([scheme.service(i, 7, family) for i in range(7)], scheme.services(7, family))

    def test_every_frontend_and_every_endpoint_is_one_of_its_own(self):
        for family in (4, 6):
            all_of_them = scheme.services(50000, family)
            self.assertEqual(len({s.address for s in all_of_them}), 50000)
            dead = [e for s in all_of_them if not s.live for e in s.endpoints(SERVER)]
            self.assertEqual(len(set(dead)), 2 * (50000 - 3))
            changed = {s.changed(SERVER)[1] for s in all_of_them}
            self.assertEqual(len(changed), 50000)
            self.assertFalse(changed & set(dead))

    def test_addresses_lie_in_the_ranges(self):
        import ipaddress
        for family in (4, 6):
            services = ipaddress.ip_network(scheme.SERVICE_CIDRS[family])
            pods = ipaddress.ip_network(scheme.CLUSTER_CIDRS[family])
            last = scheme.service(scheme.MAX_SERVICES - 1, scheme.MAX_SERVICES, family)
            self.assertIn(ipaddress.ip_address(last.address), services)
            for address, _ in scheme.service(1, 10, family).endpoints(SERVER):
                self.assertNotIn(ipaddress.ip_address(address), pods)
                self.assertNotIn(ipaddress.ip_address(address), services)

    def test_live_services_lead_to_the_server(self):
        one = scheme.service(9, 10)
        self.assertEqual(one.endpoints(SERVER), SERVER)
        self.assertEqual(one.protos, ("tcp", "udp"))
        self.assertEqual(scheme.service(8, 10).protos, ("tcp",))

    def test_a_change_leaves_the_first_endpoint(self):
        one = scheme.service(9, 10)
        before, after = one.endpoints(SERVER), one.changed(SERVER)
        self.assertEqual(before[0], after[0])
        self.assertNotEqual(before[1], after[1])

    def test_difference_leads_from_one_size_to_another(self):
        for have, want in ((0, 10), (10, 100), (100, 10), (10, 10), (5, 0), (1, 2), (2, 1)):
            add, anew, remove = scheme.difference(have, want)
            state = {s.index: s for s in scheme.services(have)}
            for i in remove:
                del state[i]
            for i in add + anew:
                state[i] = scheme.service(i, want)
            self.assertEqual([state[i] for i in sorted(state)], scheme.services(want), (have, want))
            self.assertFalse(set(add) & set(anew))

    def test_an_index_outside_is_refused(self):
        for index, n in ((-1, 10), (10, 10), (0, 0), (0, scheme.MAX_SERVICES + 1)):
            with self.assertRaises(ValueError):
                scheme.service(index, n)


if __name__ == "__main__":
    unittest.main()
