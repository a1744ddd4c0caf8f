"""A bounded pipe from an async writer to a blocking reader: an upload on its way to the store."""

import asyncio
import io
import threading
from collections import deque

CAPACITY_BYTES = 4 * 1024 * 1024


class Pipe(io.RawIOBase):
    """`write`, `finish` and `fail` belong to the event loop, `read` to one other thread.

    `write` waits while the pipe is full. After `fail` the reader gets that error; after `abandon`
    (the reader is gone) the writer gets BrokenPipeError.
    """

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        super().__init__()
        self._capacity = capacity_bytes
        self._chunks: deque[memoryview] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._ended = self._abandoned = False
        self._error: BaseException | None = None
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, chunk: bytes) -> None:
        """Hand over a chunk; waits for room. Raises BrokenPipeError when nobody reads any more."""
        await self._room.wait()
        with self._changed:
            if self._abandoned:
                raise BrokenPipeError("nobody reads the upload any more")
            self._chunks.append(memoryview(chunk))
            self._size += len(chunk)
            if self._size >= self._capacity:
                self._room.clear()
            self._changed.notify_all()

    def finish(self) -> None:
        """That was all."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """There will be no more: the reader raises `error`."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def abandon(self) -> None:
        """The reader is gone. Call in the event loop."""
        with self._changed:
            self._abandoned = True
            self._chunks.clear()
        self._room.set()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended or self._error)
            if self._error:
                raise self._error
            if not self._chunks:
                return 0
            count = self._take(memoryview(buffer))
        self._loop.call_soon_threadsafe(self._make_room)
        return count

    def _take(self, buffer: memoryview) -> int:
        first = self._chunks[0]
        count = min(len(buffer), len(first))
        buffer[:count] = first[:count]
        if count == len(first):
            self._chunks.popleft()
        else:
            self._chunks[0] = first[count:]
        self._size -= count
        return count

    def _make_room(self) -> None:
        if self._size < self._capacity:
            self._room.set()
