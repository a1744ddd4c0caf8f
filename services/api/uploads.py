"""An upload on its way from the socket to the object store: never whole in memory or on disk."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from services.api.pipe import Pipe
from services.api.sniffing import HEAD_BYTES, sniff
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectStore

BLOCK_BYTES = 1024 * 1024
PATIENCE_S = 5.0


class AllPlacesTaken(Exception):
    """So many uploads are under way that this one would have to wait."""


class TooLarge(ValueError):
    """The file has more bytes than the limit."""


class UploadAborted(Exception):
    """What the store's side sees when the other side gave up: nothing is stored."""


@dataclass(frozen=True)
class Stored:
    size_bytes: int
    content_type: str


class Uploads:
    """Streams files into a store, a bounded number at once. Who finds no place within `patience_s`
    is told so, instead of hanging.
    """

    def __init__(
        self,
        store: ObjectStore,
        threads: Executor,
        limit_bytes: int,
        most: int,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._store, self._threads, self._limit = store, threads, limit_bytes
        self._places, self._patience_s = asyncio.Semaphore(most), patience_s

    async def receive(self, key: str, chunks: AsyncIterator[bytes]) -> Stored:
        """Store all chunks under `key`. Raises AllPlacesTaken, NotAVideo, TooLarge, the errors of
        the store and of `chunks`; then nothing is stored.
        """
        async with self.place():
            return await self._receive(key, chunks)

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of the places that uploads take. Raises AllPlacesTaken."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise AllPlacesTaken("Too many uploads are under way; try again soon.") from None
        try:
            yield
        finally:
            self._places.release()

    async def _receive(self, key: str, chunks: AsyncIterator[bytes]) -> Stored:
        blocks = _blocks(chunks)
        head = await anext(blocks, b"")
        content_type = sniff(head)
        pipe = Pipe()
        storing = asyncio.get_running_loop().run_in_executor(
            self._threads, self._put, key, cast(BinaryIO, pipe), content_type
        )
        storing.add_done_callback(lambda _: pipe.abandon())
        size = await self._pour(head, blocks, pipe, storing)
        await storing
        return Stored(size, content_type)

    def _put(self, key: str, pipe: BinaryIO, content_type: str) -> None:
        """Half a file keeps no room on the disk."""
        try:
            self._store.put(key, pipe, content_type)
        except BaseException:
            with contextlib.suppress(TransientError):
                self._store.give_back(key, datetime.max.replace(tzinfo=UTC))
            raise

    async def _pour(
        self,
        head: bytes,
        blocks: AsyncIterator[bytes],
        pipe: Pipe,
        storing: "asyncio.Future[Any]",
    ) -> int:
        size = 0
        try:
            block = head
            while block:
                size += len(block)
                if size > self._limit:
                    raise TooLarge(f"The file is larger than {self._limit} bytes.")
                await pipe.put(block)
                block = await anext(blocks, b"")
            pipe.finish()
        except BrokenPipeError:
            await storing  # raises what the store raised
            raise
        except BaseException:
            pipe.fail(UploadAborted("the upload was given up"))
            await asyncio.wait([storing])
            storing.exception()
            raise
        return size


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in fewer pieces: the first as soon as it can be sniffed, then 1 MiB each."""
    waiting = bytearray()
    wanted = HEAD_BYTES
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= wanted:
            yield bytes(waiting)
            waiting.clear()
            wanted = BLOCK_BYTES
    if waiting:
        yield bytes(waiting)
