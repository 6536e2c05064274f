# SPDX-License-Identifier: Apache-2.0
"""relay NETNS LISTEN TARGET: takes connections in its own network namespace and passes them to TARGET in another.

A socket belongs to the namespace in which it was made, whatever its process does later: so it listens first, then moves.
"""
import asyncio
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def main(netns, listen, target):
    host, port = listen.rsplit(":", 1)
    listener = socket.create_server((host, int(port)), backlog=512)
    with open(netns) as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), netns)
    to_host, to_port = target.rsplit(":", 1)

    async def connected(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(to_host, int(to_port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        far_writer.close()
        writer.close()

    async with await asyncio.start_server(connected, sock=listener) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
