"""Handing in a video where Kafka, the store, the disk or the client gives out."""

import asyncio
import shutil
import tracemalloc
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from services.api.app import build
from services.api.disk import Disk
from services.api.pace import Pace, TooSlow, paced
from services.api.uploads import AllPlacesTaken, Stored, Uploads
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.conftest import BASE, HERE, Api
from tests.unit.api.test_uploads import MP4


class SilentPublisher(MemoryPublisher):
    def flush(self) -> None:
        raise TransientError("Kafka is away")


def test_without_kafka_an_upload_leaves_no_trace(make_api: Callable[..., Api]) -> None:
    api = make_api(publisher=SilentPublisher())
    answer = api.upload(MP4)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert api.client.get("/api/v1/videos").json()["items"] == []
    assert list(api.store.list("")) == []


class BrokenStore(MemoryObjects):
    def put(self, key: str, stream: BinaryIO, content_type: str) -> ObjectInfo:
        stream.read(10)
        raise TransientError("the store is away")


def test_a_store_that_breaks_off_ends_the_upload(make_api: Callable[..., Api]) -> None:
    api = make_api(store=BrokenStore())
    assert api.upload(MP4 * 4000).status_code == 503
    assert api.publisher.published == []


class Draining(MemoryObjects):
    """Reads in parts, as the real one does, and keeps the count alone."""

    def put(self, key: str, stream: BinaryIO, content_type: str) -> ObjectInfo:
        size = 0
        while part := stream.read(1 << 20):
            size += len(part)
        self._objects[key] = (size.to_bytes(8, "big"), content_type)
        return ObjectInfo(key, size, content_type, "x")


async def blocks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"\x1a\x45\xdf\xa3" + bytes(1 << 18)


def test_a_large_file_is_never_whole_in_memory() -> None:
    with ThreadPoolExecutor(1) as threads:
        uploads = Uploads(Draining(), threads, 1 << 40, 1)
        tracemalloc.start()
        stored = asyncio.run(uploads.receive("a", blocks(400)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert stored.size_bytes > 100 * 1024 * 1024
    assert peak < 16 * 1024 * 1024


async def trickle(rate: float, seconds: float) -> AsyncIterator[bytes]:
    """A body of so many bytes a second; its clock is the event loop's."""
    for _ in range(int(seconds / 0.01)):
        await asyncio.sleep(0.01)
        yield bytes(int(rate * 0.01))


def drain(chunks: AsyncIterator[bytes]) -> int:
    async def all_of_it() -> int:
        return sum([len(chunk) async for chunk in chunks])

    return asyncio.run(all_of_it())


def test_a_client_that_sends_a_byte_now_and_then_is_given_up() -> None:
    pace = Pace(bytes_per_s=100_000, over_s=0.1)
    with pytest.raises(TooSlow, match="slower than 100000 bytes a second"):
        drain(paced(trickle(1_000, 5), pace))


def test_a_client_that_is_quick_on_the_whole_is_not() -> None:
    pace = Pace(bytes_per_s=1_000, over_s=0.05)
    assert drain(paced(trickle(200_000, 0.3), pace)) == 60_000


def test_who_finds_no_place_is_told_so() -> None:
    async def full(uploads: Uploads) -> None:
        going_on = asyncio.Event()

        async def waiting() -> AsyncIterator[bytes]:
            yield MP4 * 40
            await going_on.wait()

        first = asyncio.ensure_future(uploads.receive("a", waiting()))
        await asyncio.sleep(0)
        with pytest.raises(AllPlacesTaken):
            await uploads.receive("b", blocks(1))
        going_on.set()
        await first
        await uploads.receive("c", blocks(1))

    store = Draining()
    with ThreadPoolExecutor(1) as threads:
        asyncio.run(full(Uploads(store, threads, 1 << 40, 1, patience_s=0.05)))
    assert [info.key for info in store.list("")] == ["a", "c"]


class FullHouse(Uploads):
    async def receive(self, key: str, chunks: AsyncIterator[bytes]) -> Stored:
        raise AllPlacesTaken("Too many uploads are under way; try again soon.")


def test_no_place_is_503_with_a_time_to_come_back(api: Api) -> None:
    with ThreadPoolExecutor(1) as threads:
        full = replace(api.tools, uploads=FullHouse(api.store, threads, 1, 1))
        answer = TestClient(build(full), BASE, client=HERE).post("/api/v1/videos", content=MP4)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "20")


@pytest.mark.parametrize("store", [MemoryObjects, BrokenStore])
def test_a_full_disk_is_said_as_such(
    make_api: Callable[..., Api], store: type[MemoryObjects], tmp_path: Path
) -> None:
    """Before a byte is read, and when the store breaks off in the middle."""
    api = make_api(store=store(), disk=Disk(tmp_path, 1 << 60))
    answer = api.upload(MP4 * 4000)
    assert (answer.status_code, "disk" in answer.json()["detail"]) == (507, True)


def test_a_store_that_gives_up_on_a_tight_disk_is_a_full_disk(
    make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """An upload of unknown length passes the first check; the store stops before the last byte."""
    free = shutil.disk_usage(tmp_path).free
    api = make_api(store=BrokenStore(), disk=Disk(tmp_path, free - 40_000_000))
    answer = api.client.post("/api/v1/videos", content=iter([MP4, MP4 * 4000]))
    assert (answer.status_code, "disk" in answer.json()["detail"]) == (507, True)


def test_more_uploads_than_threads_all_end() -> None:
    async def all_at_once(uploads: Uploads) -> list[Stored]:
        return await asyncio.gather(
            *(uploads.receive(str(number), blocks(40)) for number in range(12))
        )

    with ThreadPoolExecutor(2) as threads:
        stored = asyncio.run(all_at_once(Uploads(Draining(), threads, 1 << 40, 2)))
    assert len(stored) == 12


def test_a_client_that_goes_away_leaves_nothing() -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for block in blocks(30):
            yield block
        raise ClientDisconnect

    store = Draining()
    with ThreadPoolExecutor(1) as threads, pytest.raises(ClientDisconnect):
        asyncio.run(Uploads(store, threads, 1 << 40, 1).receive("a", broken()))
    assert list(store.list("")) == []


def test_a_client_that_falls_silent_is_given_up() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield MP4
        await asyncio.Event().wait()

    store, chunks = Draining(), paced(silent(), Pace(0, idle_s=0.05))
    with ThreadPoolExecutor(1) as threads, pytest.raises(TooSlow, match="nothing"):
        asyncio.run(Uploads(store, threads, 1 << 40, 1).receive("a", chunks))
    assert list(store.list("")) == []
