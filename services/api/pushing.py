"""Pictures of a webcam on their way from the browser to ingest.

Only the newest waits: while Kafka is slow or away pictures are skipped, never queued.
"""

import asyncio
from datetime import datetime
from uuid import UUID

from starlette.websockets import WebSocket

from schemas.pushes import FramePushed
from schemas.topics import PUSHES
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.media import jpeg
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing

MOST_BYTES = 512 * 1024
MOST_SIDE = 1920
MOST_A_SECOND = 20.0
SILENT_S = 10.0
"""A page that sends nothing for so long is taken for closed."""

MOST_REFUSED = 10
TOO_BIG, UNUSABLE, SILENT = 1009, 1003, 4408


class Refused(Exception):
    """The socket is to be closed with this code. The text is one sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Push:
    """One browser that sends. Belongs to one event loop."""

    def __init__(self, websocket: WebSocket, source_id: UUID, clock: Clock) -> None:
        self._websocket, self._source_id, self._clock = websocket, source_id, clock
        self._newest: FramePushed | None = None
        self._came = asyncio.Event()
        self._taken_s = float("-inf")
        self._refused = 0
        self.sent = self.skipped = 0

    async def receive(self) -> None:
        """Until the browser leaves. Raises Refused."""
        while True:
            try:
                message = await asyncio.wait_for(self._websocket.receive(), SILENT_S)
            except TimeoutError:
                raise Refused(SILENT, "No picture came for a while.") from None
            if message["type"] == "websocket.disconnect":
                return
            content = message.get("bytes")
            if content is not None and self._is_in_time():
                await self._take(content, self._clock.now())

    async def relay(self, publishing: Publishing) -> None:
        """Hand the newest picture on, again and again; say once a second how many went."""
        said_s = self._clock.monotonic()
        while True:
            await self._came.wait()
            self._came.clear()
            frame, self._newest = self._newest, None
            if frame is not None:
                await self._publish(publishing, frame)
            if self._clock.monotonic() - said_s >= 1.0:
                said_s = self._clock.monotonic()
                await self._websocket.send_json({"sent": self.sent, "skipped": self.skipped})

    def _is_in_time(self) -> bool:
        """Pictures that come faster than they may are skipped."""
        now_s = self._clock.monotonic()
        if now_s - self._taken_s < 1 / MOST_A_SECOND:
            self.skipped += 1
            return False
        self._taken_s = now_s
        return True

    async def _take(self, content: bytes, now: datetime) -> None:
        if len(content) > MOST_BYTES:
            raise Refused(TOO_BIG, f"A picture may have {MOST_BYTES} bytes at most.")
        try:
            await asyncio.to_thread(jpeg.checked, content, MOST_SIDE)
        except ValueError as error:
            self._refused += 1
            if self._refused >= MOST_REFUSED:
                raise Refused(UNUSABLE, str(error)) from None
            return
        self._refused = 0
        self.skipped += self._newest is not None
        self._newest = FramePushed(source_id=self._source_id, jpeg=content, pushed_at=now)
        self._came.set()

    async def _publish(self, publishing: Publishing, frame: FramePushed) -> None:
        try:
            await asyncio.to_thread(publishing.publish, Outgoing(PUSHES, frame))
        except TransientError:
            self.skipped += 1
        else:
            self.sent += 1
