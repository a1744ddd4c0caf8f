"""Whether an HTTP server on this machine answers, asked without a client library."""

import asyncio

from services.local.process import Probe

WAIT_S = 2.0
MOST_BYTES = 4096
SILENT = "no answer"


def http_probe(host: str, port: int, path: str = "/healthz") -> Probe:
    """Asks for `path` at each call; well means status 200 within WAIT_S."""

    async def probe() -> bool:
        return await http_fault(host, port, path) == ""

    return probe


async def http_fault(host: str, port: int, path: str = "/healthz") -> str:
    """What is wrong, in the words of the server where it has any; empty when all is well."""
    try:
        status, text = await asyncio.wait_for(ask(host, port, path), WAIT_S)
    except (OSError, TimeoutError):
        return SILENT
    return "" if status == b"200" else ", ".join(text.splitlines()) or SILENT


async def ask(host: str, port: int, path: str) -> tuple[bytes, str]:
    """Status and the beginning of the body."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        status = await reader.readline()
        while (await reader.readline()).strip():
            """The headers."""
        body = await reader.read(MOST_BYTES)
        code = next(iter(status.split()[1:2]), b"")
        return code, body.decode(errors="replace").strip()
    finally:
        writer.close()
