# SPDX-License-Identifier: Apache-2.0
"""Readiness probes (core/v1 Probe): exec, tcpSocket and httpGet, asked from the node as a kubelet does."""
import asyncio
import ssl


def port_number(container, port):
    """A probe's port: a number, or the name of one of the container's ports."""
    for known in container.get("ports", []):
        if known.get("name") == port:
            return known["containerPort"]
    return int(port)


async def tcp(host, port):
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    return True


async def http(host, port, action):
    context = None
    if action.get("scheme") == "HTTPS":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    headers = {h["name"]: h["value"] for h in action.get("httpHeaders", [])}
    headers.setdefault("Host", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    lines = [f"GET {action.get('path', '/')} HTTP/1.1", "Connection: close", "User-Agent: kube-probe/beeline-lab"]
    lines += [f"{k}: {v}" for k, v in headers.items()]
    try:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        code = int((await reader.readline()).split()[1])
    finally:
        writer.close()
    return 200 <= code < 400


async def once(probe, container, pod_ip, execute):
    """One attempt; whether it succeeded. execute(command) runs a command in the container and returns its exit status."""
    async def attempt():
        if "exec" in probe:
            return await execute(probe["exec"]["command"]) == 0
        kind = "tcpSocket" if "tcpSocket" in probe else "httpGet"
        action = probe.get(kind) or {}
        host, port = action.get("host") or pod_ip, port_number(container, action.get("port", 0))
        return await (tcp(host, port) if kind == "tcpSocket" else http(host, port, action))

    try:
        return await asyncio.wait_for(attempt(), probe.get("timeoutSeconds", 1))
    except (OSError, ValueError, IndexError, asyncio.TimeoutError):
        return False


async def watch(probe, container, pod_ip, execute, report):
    """Until cancelled: report(ready) whenever the thresholds turn the answer."""
    ready, run = False, 0
    need = {True: probe.get("successThreshold", 1), False: probe.get("failureThreshold", 3)}
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    while True:
        good = await once(probe, container, pod_ip, execute)
        run = run + 1 if good != ready else 0
        if run >= need[good]:
            ready, run = good, 0
            report(ready)
        await asyncio.sleep(min(probe.get("periodSeconds", 10), 1) if not ready else probe.get("periodSeconds", 10))
