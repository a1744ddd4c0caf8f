"""What the local store needs now and then: room that was given up is only free after a vacuum."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.local.config import LOOPBACK
from services.local.probes import http_fault

EVERY_S = 30.0
TIGHT_BYTES = 1 << 30
"""With less room than this on its disk the store is asked to give back what it can."""

Upkeep = Callable[[], Awaitable[None]]


def vacuuming(
    data: Path,
    master_port: int,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> Upkeep:
    """Has SeaweedFS give back the room of deleted and aborted objects once its disk is tight.

    By itself it waits until a third of a volume is garbage, which on a small disk is too late.
    """

    async def vacuum() -> None:
        if await asyncio.to_thread(free_bytes, data) < TIGHT_BYTES:
            await http_fault(LOOPBACK, master_port, "/vol/vacuum?garbageThreshold=0.01")

    return vacuum


async def keep_up(works: tuple[Upkeep, ...]) -> None:
    """All of it, every EVERY_S, until cancelled. A folder that is not there yet is no fault."""
    while True:
        await asyncio.sleep(EVERY_S)
        for work in works:
            try:
                await work()
            except OSError:
                continue
