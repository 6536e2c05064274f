# SPDX-License-Identifier: Apache-2.0
"""Thousands of writes to an API server in a network namespace, over many connections at once.

A connection sends a request, reads its answer to the end, and takes the next: the server makes each write durable before it
answers, and many that wait together become one commit. Sockets are made inside the namespace, so nothing relays.
"""
import ctypes
import json
import os
import socket
import threading

from run import world  # noqa: F401  (puts lablib on the path)
from lablib.kube import Kubeconfig

CLONE_NEWNET = 0x40000000
CONNECTIONS = 64


class LoadError(Exception):
    """A request that the server refused."""


def in_namespace(netns_path, work):
    """work() by a thread of its own that has entered a namespace; its result, or what it raised."""
    out = []

    def run():
        try:
            with open(netns_path) as f:
                if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), netns_path)
            out.append((work(), None))
        except BaseException as err:
            out.append((None, err))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    result, err = out[0]
    if err:
        raise err
    return result


def render(method, path, body=None, kind="application/json"):
    """A whole HTTP/1.1 request as bytes."""
    data = json.dumps(body, separators=(",", ":")).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: api\r\nAccept: application/json\r\n"
    if body is not None:
        head += f"Content-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


def parse_head(data):
    """(status, length of the head, length of the body or -1 for chunks); None while the head is not whole."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(data[:end]).decode("latin-1")
    fields = dict(line.lower().split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
    length = -1 if "chunked" in fields.get("transfer-encoding", "") else int(fields.get("content-length", "0"))
    return int(head.split(" ", 2)[1]), end + 4, length


def unchunk(data, at):
    """(body, end) of a chunked body that begins at `at`; None while it is not whole."""
    body = b""
    while True:
        line = data.find(b"\r\n", at)
        if line < 0:
            return None
        size = int(bytes(data[at:line]).split(b";")[0], 16)
        if len(data) < line + 2 + size + 2:
            return None
        if not size:
            return body, line + 4
        body += bytes(data[line + 2:line + 2 + size])
        at = line + 2 + size + 2


class Connection:
    """One kept connection."""

    def __init__(self, config, netns_path, port):
        def connect():
            return socket.create_connection(("127.0.0.1", port), 30)

        plain = in_namespace(netns_path, connect)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = config.ssl.wrap_socket(plain, server_hostname="127.0.0.1")
        self.rest = bytearray()

    def close(self):
        self.socket.close()

    def _read(self):
        try:
            data = self.socket.recv(65536)
        except OSError as err:
            raise LoadError(f"the API server: {err}") from err
        if not data:
            raise LoadError("the API server closed the connection")
        self.rest += data

    def answer(self):
        """(status, body) of the answer that comes next."""
        while (head := parse_head(self.rest)) is None:
            self._read()
        code, begin, length = head
        if length >= 0:
            while len(self.rest) < begin + length:
                self._read()
            body, end = bytes(self.rest[begin:begin + length]), begin + length
        else:
            while (found := unchunk(self.rest, begin)) is None:
                self._read()
            body, end = found
        del self.rest[:end]
        return code, body

    def ask(self, request):
        """Sends a rendered request; the body of its answer. LoadError for any answer but success."""
        self.socket.sendall(request)
        code, body = self.answer()
        if code >= 300:
            what = request.split(b"\r\n", 1)[0].decode()
            raise LoadError(f"{what}: {code} {body[:300].decode(errors='replace')}")
        return body


class Loader:
    def __init__(self, kubeconfig, netns_path, port, connections=CONNECTIONS):
        self.config, self.netns_path, self.port, self.connections = Kubeconfig(kubeconfig), netns_path, port, connections

    def connect(self):
        return Connection(self.config, self.netns_path, self.port)

    def send(self, requests):
        """Sends all, in no order; raises what the first failure was. Returns how many there were."""
        requests = list(requests)
        todo, lock, failed, done = iter(requests), threading.Lock(), [], [0]

        def work():
            connection = None
            try:
                while not failed:
                    with lock:
                        request = next(todo, None)
                        done[0] += request is not None
                    if request is None:
                        return
                    connection = connection or self.connect()
                    connection.ask(request)
            except Exception as err:  # told to who waits for us
                failed.append(err)
            finally:
                if connection:
                    connection.close()

        threads = [threading.Thread(target=work) for _ in range(min(self.connections, len(requests)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return done[0]
