"""How fast a body must come: a client that sends a byte now and then holds a place for nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass


class TooSlow(TimeoutError):
    """The client sent nothing for too long, or too little in a while. The text is one sentence."""


@dataclass(frozen=True)
class Pace:
    """At least `bytes_per_s` over each `over_s` of waiting, and never silent for `idle_s`."""

    bytes_per_s: float
    over_s: float = 20.0
    idle_s: float = 30.0


async def paced(stream: AsyncIterator[bytes], pace: Pace) -> AsyncIterator[bytes]:
    """The same bytes. Raises TooSlow.

    Only the time spent waiting for the client counts, not what the store takes.
    """
    waited_s, received = 0.0, 0
    while True:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(pace.idle_s):
                data = await anext(stream, None)
        except TimeoutError:
            raise TooSlow("The client sent nothing for too long.") from None
        if data is None:
            return
        waited_s, received = waited_s + time.monotonic() - begun, received + len(data)
        if waited_s >= pace.over_s:
            if received < pace.bytes_per_s * waited_s:
                raise TooSlow(f"The upload is slower than {pace.bytes_per_s:.0f} bytes a second.")
            waited_s, received = 0.0, 0
        yield data
