# SPDX-License-Identifier: Apache-2.0
import json
import os
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from run import agentstatus, beeline, load, scheme, world
from lablib.cli import programs

LIVE = [("10.244.0.3", 8080), ("10.244.0.3", 8081)]


def replay(store, requests):
    """What an API server holds after the requests; each must fit what is there."""
    for raw in requests:
        head, _, body = raw.partition(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
        if method == "POST":
            made = json.loads(body)
            path += "/" + made["metadata"]["name"]
            assert path not in store, path
            store[path] = made
        elif method == "DELETE":
            del store[path]
        else:
            store[path] = {**store[path], **json.loads(body)}
    return store


class Objects(unittest.TestCase):
    def test_any_size_leads_to_any_other(self):
        def whole(n):
            return replay({}, beeline.transition(0, n, 4, LIVE)[1])
        for have, want in ((0, 10), (10, 100), (100, 10), (7, 7), (5, 0), (1, 2)):
            store = whole(have)
            for requests in beeline.transition(have, want, 4, LIVE):
                replay(store, requests)
            self.assertEqual(store, whole(want), (have, want))

    def test_a_service_has_two_endpoints_in_slices_by_port(self):
        store = replay({}, beeline.create_requests(scheme.service(9, 10), LIVE))
        slices = [o for o in store.values() if o["kind"] == "EndpointSlice"]
        self.assertEqual([[p["port"] for p in s["ports"]] for s in slices], [[8080, 8080], [8081, 8081]])
        self.assertEqual([s["endpoints"][0]["addresses"] for s in slices], [["10.244.0.3"], ["10.244.0.3"]])
        store = replay({}, beeline.create_requests(scheme.service(8, 10), LIVE))
        slices = [o for o in store.values() if o["kind"] == "EndpointSlice"]
        self.assertEqual(len(slices), 1)
        self.assertEqual(len(slices[0]["endpoints"]), 2)

    def test_a_change_and_its_return_patch_one_slice(self):
        for index in (8, 9):
            one = scheme.service(index, 10)
            store = replay({}, beeline.create_requests(one, LIVE))
            before = json.dumps(store)
            replay(store, [beeline.change_request(one, LIVE, True)])
            addresses = {a for o in store.values() for e in o.get("endpoints", []) for a in e["addresses"]}
            self.assertIn(one.changed(LIVE)[1][0], addresses)
            replay(store, [beeline.change_request(one, LIVE, False)])
            self.assertEqual(json.dumps(store), before)


class Http(unittest.TestCase):
    def test_heads_are_read_when_they_are_whole(self):
        text = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"
        for end in range(len(text) - 5):
            self.assertIsNone(load.parse_head(text[:end]))
        self.assertEqual(load.parse_head(text), (201, len(text) - 5, 5))
        self.assertEqual(load.parse_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")[2], -1)

    def test_chunks_are_joined_when_they_are_whole(self):
        text = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"
        for end in range(len(text)):
            self.assertIsNone(load.unchunk(text[:end], 0))
        self.assertEqual(load.unchunk(text, 0), (b"abc0123456789", len(text)))

    def test_a_connection_reads_answers_one_by_one(self):
        near, far = socket.socketpair()
        one = load.Connection.__new__(load.Connection)
        one.socket, one.rest = near, bytearray()
        far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"2\r\nno\r\n0\r\n\r\n")
        self.assertEqual(one.ask(load.render("GET", "/")), b"ok")
        with self.assertRaisesRegex(load.LoadError, "POST /x HTTP/1.1: 409 no"):
            one.ask(load.render("POST", "/x", {}))
        far.recv(65536)
        far.close()
        with self.assertRaisesRegex(load.LoadError, "closed"):
            one.answer()
        near.close()


class Status(unittest.TestCase):
    def answer(self, data):
        """What ask() makes of an agent's bytes."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            path = os.path.join(folder, "s")
            listener.bind(path)
            listener.listen(1)

            def serve():
                peer, _ = listener.accept()
                peer.recv(4096)
                peer.sendall(data)
                peer.close()

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                return agentstatus.ask(path, "status")
            finally:
                thread.join()

    @staticmethod
    def frame(value):
        body = json.dumps(value).encode()
        return struct.pack(">I", len(body)) + body

    def test_an_answer_is_taken_out_of_its_frame(self):
        self.assertEqual(self.answer(self.frame({"ok": {"dirty": 0}})), {"dirty": 0})

    def test_an_error_and_an_end_are_told(self):
        with self.assertRaisesRegex(OSError, "status: no such thing"):
            self.answer(self.frame({"error": {"code": 1, "msg": "no such thing"}}))
        with self.assertRaisesRegex(OSError, "went away"):
            self.answer(b"\0\0")

    def test_resident_memory_of_a_process(self):
        self.assertGreater(agentstatus.resident(os.getpid()), 1 << 20)
        self.assertEqual(agentstatus.bpf_memory(os.getpid()), 0)


@unittest.skipIf(os.geteuid() or not os.path.exists(os.path.join(programs(), "beelined")), "needs root and the programs")
class Serving(unittest.TestCase):
    def ask(self, one, index, proto):
        address, port = one.service(index, proto)
        return subprocess.run(one.client(os.path.join(world.ROOT, "tests/lab/bin/ask"), *["--udp"] * (proto == "udp"),
                                         "--timeout", "5", address, str(port)), capture_output=True, text=True).stdout

    def test_live_services_answer_at_every_size(self):
        one = beeline.Beeline()
        one.room = 20
        self.addCleanup(one.down)
        one.up()
        server = subprocess.Popen(one.server(os.path.join(world.ROOT, "tests/lab/bin/whoami"), "8080", "8081"),
                                  env={**os.environ, "HOSTNAME": "server"})
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        world.wait_listening(server, one.server_ports)
        for n in (3, 20, 5):
            self.assertGreater(one.program(n, 60), 0)
            status = one.status()
            self.assertEqual((status["services"] - one.base, status["dirty"]), (n, 0))
            for index in scheme.live(n):
                for proto in ("tcp", "udp"):
                    self.assertRegex(self.ask(one, index, proto), r"^server 10\.244\.\S+ q0\n$")
            self.assertGreater(one.change(n - 1), 0)
        self.assertGreater(one.change(4), 0)
        self.assertEqual(self.ask(one, 4, "tcp").split()[0], "server")
        memory = one.memory()
        self.assertGreater(memory["agent_rss"], 1 << 20)
        self.assertGreater(memory["kernel"], 1 << 20)
        lab = one.lab
        one.down()
        self.assertFalse(lab.exists())


if __name__ == "__main__":
    unittest.main()
