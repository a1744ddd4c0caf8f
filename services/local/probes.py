"""Whether an HTTP server on this machine answers, asked without a client library."""

import asyncio

from services.local.process import Probe

WAIT_S = 2.0


def http_probe(host: str, port: int, path: str = "/healthz") -> Probe:
    """Asks for `path` at each call; well means status 200 within WAIT_S."""

    async def probe() -> bool:
        try:
            return await asyncio.wait_for(ask(host, port, path), WAIT_S)
        except (OSError, TimeoutError):
            return False

    return probe


async def ask(host: str, port: int, path: str) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        status = await reader.readline()
        return status.split()[1:2] == [b"200"]
    finally:
        writer.close()
