# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API client as small as the lab needs: JSON requests over TLS, and list + watch that survives a server
that goes away."""
import asyncio
import base64
import json
import re
import ssl
import tempfile
from urllib.parse import quote, urlencode, urlsplit

MERGE = "application/merge-patch+json"


class ApiError(Exception):
    """A Status object of the server; `code` is its HTTP status."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Kubeconfig:
    """Server and credentials of a kubeconfig with one cluster and one user, as the control plane writes it."""

    def __init__(self, path):
        with open(path) as f:
            text = f.read()

        def field(name):
            found = re.search(rf'^[\s-]*"?{name}"?:\s*"?([^"\s,]+)"?,?\s*$', text, re.M)
            return found.group(1) if found else None

        def decoded(name):
            value = field(name)
            return base64.b64decode(value).decode() if value else None

        url = urlsplit(field("server"))
        self.host, self.port = url.hostname, url.port or 443
        self.token = field("token")
        self.ssl = ssl.create_default_context(cadata=decoded("certificate-authority-data"))
        self.ssl.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does by itself
        certificate, key = decoded("client-certificate-data"), decoded("client-key-data")
        if certificate:
            with tempfile.NamedTemporaryFile("w", dir="/dev/shm") as f:
                f.write(certificate + "\n" + key)
                f.flush()
                self.ssl.load_cert_chain(f.name)


class Api:
    """Requests over a few kept connections."""

    def __init__(self, kubeconfig):
        self.config = Kubeconfig(kubeconfig)
        self.idle = []

    async def get(self, path):
        return await self.request("GET", path)

    async def post(self, path, body):
        return await self.request("POST", path, body)

    async def patch(self, path, body):
        return await self.request("PATCH", path, body, MERGE)

    async def request(self, method, path, body=None, content_type="application/json"):
        """The decoded answer; ApiError when the server says no, OSError when there is no server."""
        while True:
            kept = bool(self.idle)
            reader, writer = self.idle.pop() if kept else await self._connect()
            try:
                await self._send(writer, method, path, body, content_type)
                code, headers = await self._head(reader)
                data = await self._body(reader, headers)
            except (OSError, asyncio.IncompleteReadError, ValueError) as err:
                writer.close()
                if kept:
                    continue  # the server closed it meanwhile
                raise OSError(f"API server: {err}") from err
            if headers.get("connection", "").lower() == "close":
                writer.close()
            else:
                self.idle.append((reader, writer))
            answer = json.loads(data) if data else {}
            if code >= 400:
                raise ApiError(code, answer.get("message", f"HTTP {code}"))
            return answer

    async def follow(self, path, on_list, on_event, **selectors):
        """Lists, then watches, for ever: on_list(items) after each list, on_event(type, object) after each change."""
        wait = 0.1
        while True:
            try:
                listed = await self.get(path + "?" + urlencode(selectors))
                on_list(listed.get("items", []))
                wait = 0.1
                await self._watch(path, listed["metadata"]["resourceVersion"], on_event, selectors)
            except (OSError, ApiError, asyncio.IncompleteReadError, ValueError) as err:
                print(f"watch of {path}: {err}; again in {wait:.1f} s", flush=True)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)

    async def _watch(self, path, version, on_event, selectors):
        """Until the server asks for a new list; a stream that merely ends goes on where it stopped."""
        while True:
            query = urlencode({**selectors, "watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version})
            reader, writer = await self._connect()
            try:
                await self._send(writer, "GET", f"{path}?{query}")
                code, headers = await self._head(reader)
                if code != 200:
                    raise ApiError(code, (await self._body(reader, headers)).decode(errors="replace"))
                async for line in self._lines(reader, headers):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(event["object"].get("code", 500), event["object"].get("message", "watch"))
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        on_event(event["type"], event["object"])
            finally:
                writer.close()

    # --- HTTP/1.1 -------------------------------------------------------------------------------------------------------

    async def _connect(self):
        c = self.config
        return await asyncio.open_connection(c.host, c.port, ssl=c.ssl, limit=1 << 24)

    async def _send(self, writer, method, path, body=None, content_type="application/json"):
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", f"Host: {self.config.host}:{self.config.port}",
                "Accept: application/json", "User-Agent: beeline-lab"]
        if self.config.token:
            head.append(f"Authorization: Bearer {self.config.token}")
        if body is not None:
            head += [f"Content-Type: {content_type}", f"Content-Length: {len(data)}"]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        await writer.drain()

    async def _head(self, reader):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        return int(lines[0].split()[1]), headers

    async def _chunks(self, reader):
        while size := int((await reader.readline()).split(b";")[0] or b"0", 16):
            yield await reader.readexactly(size)
            await reader.readline()
        await reader.readline()

    async def _body(self, reader, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join([chunk async for chunk in self._chunks(reader)])
        return await reader.readexactly(int(headers.get("content-length", "0")))

    async def _lines(self, reader, headers):
        if headers.get("transfer-encoding", "").lower() != "chunked":
            async for line in reader:
                yield line
            return
        rest = b""
        async for chunk in self._chunks(reader):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    yield line


def pod_path(namespace, name, sub=""):
    return f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(name)}{'/' + sub if sub else ''}"
