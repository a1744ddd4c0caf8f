"""Handing in a video: streamed, sniffed, limited, announced."""

import asyncio
import contextlib
import shutil
import tracemalloc
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from schemas.sources import SourceConfigured
from schemas.topics import SOURCES, VIDEOS
from services.api.app import build
from services.api.disk import Disk
from services.api.forms import FormFile, MalformedForm
from services.api.names import clean_name, decode_name
from services.api.pace import Pace, TooSlow, paced
from services.api.sniffing import HEAD_BYTES
from services.api.uploads import AllPlacesTaken, Stored, Uploads
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.conftest import BASE, HERE, Api

MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 64
PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(300) + b"\xff\xd9"
LARGE_PICTURE = PICTURE[:-2] + bytes(HEAD_BYTES) + b"\xff\xd9"
BOUNDARY = b"frontier"
TILL = "매장.mp4"


def form(*parts: tuple[bytes, bytes], end: bool = True) -> bytes:
    """A multipart body of (disposition, content) parts."""
    lines = b"".join(
        b"--"
        + BOUNDARY
        + b"\r\nContent-Disposition: form-data; "
        + how
        + b"\r\n\r\n"
        + what
        + b"\r\n"
        for how, what in parts
    )
    return lines + (b"--" + BOUNDARY + b"--\r\n" if end else b"")


def post_form(api: Api, body: bytes) -> Any:
    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    return api.client.post("/api/v1/videos", content=body, headers={"Content-Type": kind})


def test_an_upload_lies_in_the_store_and_is_announced(api: Api) -> None:
    answer = api.upload(MP4, "Till 1.mp4")
    assert answer.status_code == 202
    video = answer.json()
    assert answer.headers["location"] == f"/api/v1/videos/{video['video_id']}"
    assert (video["filename"], video["size_bytes"]) == ("Till 1.mp4", len(MP4))
    assert (video["state"], video["content_type"]) == ("submitted", "video/mp4")
    [message] = api.publisher.messages(VIDEOS)
    [source] = api.publisher.messages(SOURCES)
    assert (source.key, getattr(source, "name", None)) == (message.key, "Till 1.mp4")
    assert str(message.key) == video["video_id"]
    assert api.store.get(message.object_key) == MP4  # type: ignore[attr-defined]
    assert api.client.get(answer.headers["location"]).json() == video


def test_the_bare_body_does_too(api: Api) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    answer = api.client.post("/api/v1/videos?filename=b%20c.mp4", content=MP4, headers=headers)
    assert (answer.status_code, answer.json()["filename"]) == (202, "b c.mp4")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"just some words\n" * 20, "text"),
        ("Grüße aus der Nachtschicht 🎥\n".encode() * 50, "text"),
        ("utf-16 text".encode("utf-16"), "text"),
        (b"%PDF-1.7\n\xff\xfe\x00", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "JPEG"),
        (PICTURE, "JPEG"),
        (b"\xff\xd8\xff\xe1\x00\x20Exif" + PICTURE + b"rest\xff\xd9", "JPEG"),
        (b"\xff\xd8\xff\xe2\x00\x20MPF\x00" + PICTURE * 2, "JPEG"),
        (b"GIF89a\x01\x00", "GIF"),
        (b"PK\x03\x04\x14\x00\x00\x00", "ZIP"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio"),
        (b"ID3\x04\x00\x00", "audio"),
        (b"\x00\x00\x00\x20ftypheic\x00\x00\x00\x00", "picture"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" + bytes(64), "playlist"),
        (b"\n\n#EXTM3U\n" + bytes(64), "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n" + bytes(64), "playlist"),
    ],
)
def test_what_is_plainly_no_video_is_refused(api: Api, content: bytes, says: str) -> None:
    answer = api.upload(content)
    assert answer.status_code == 415
    assert says in answer.json()["detail"]
    assert answer.json()["detail"].count(".") == 1
    assert (list(api.store.list("")), api.publisher.published) == ([], [])
    assert api.client.get("/api/v1/videos").json()["items"] == []


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x01\x00", "video/x-matroska"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"FLV\x01\x05", "video/x-flv"),
        ((b"G" + bytes([0x40, 0]) + bytes(185)) * 4, "video/mp2t"),
        (PICTURE * 3, "video/x-motion-jpeg"),
        (LARGE_PICTURE * 2, "video/x-motion-jpeg"),
        (bytes([0, 0, 0, 1, 0x67, 0x42, 0x80]), "application/octet-stream"),
        (bytes([7, 1, 255, 3]) * 99, "application/octet-stream"),
    ],
)
def test_what_may_be_a_video_is_taken(api: Api, head: bytes, kind: str) -> None:
    assert api.upload(head + bytes(64)).json()["content_type"] == kind


def test_one_byte_past_the_limit_is_too_much(make_api: Callable[..., Api]) -> None:
    api = make_api(api_max_upload_bytes=len(MP4))
    assert api.upload(MP4).status_code == 202
    answer = api.upload(MP4 + b"x")
    assert (answer.status_code, "larger than" in answer.json()["detail"]) == (413, True)
    assert len(list(api.store.list(""))) == 1


def test_an_announced_length_past_the_limit_is_refused_unread(
    make_api: Callable[..., Api],
) -> None:
    api = make_api(api_max_upload_bytes=1000)
    assert api.upload(MP4 * 20).status_code == 413


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (form((b'name="file"; filename="a"', MP4), end=False), "ends in the middle"),
        (form((b'name="other"; filename="a"', MP4)), "no file"),
        (form((b'name="file"; filename="a"', MP4), (b'name="file"', MP4)), "more than one"),
        (b"no form at all", "cannot be read"),
        (b"", "ends in the middle"),
    ],
)
def test_a_form_that_is_none_is_a_bad_request(api: Api, body: bytes, says: str) -> None:
    answer = post_form(api, body)
    assert answer.status_code in (400, 415)
    assert says in answer.json()["detail"] or "empty" in answer.json()["detail"]
    assert list(api.store.list("")) == []


def test_other_fields_of_the_form_are_passed_over(api: Api) -> None:
    body = form((b'name="note"', b"hello"), (b'name="file"; filename="c.mp4"', MP4))
    answer = post_form(api, body)
    assert (answer.status_code, answer.json()["size_bytes"]) == (202, len(MP4))


@given(st.data())
def test_a_form_may_come_in_any_pieces(data: st.DataObject) -> None:
    body = form((b'name="note"', b"\r\n--front"), (b'name="file"; filename="c.mp4"', MP4[:300]))
    parser, content = FormFile(BOUNDARY), b""
    for cut in (*data.draw(st.lists(st.integers(1, 200), max_size=20)), len(body)):
        content, body = content + parser.feed(body[:cut]), body[cut:]
    assert (content, parser.filename, parser.ended) == (MP4[:300], "c.mp4", True)


@given(st.binary())
def test_whatever_comes_as_a_form_ends_in_bytes_or_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedForm):
        FormFile(BOUNDARY).feed(body)


@given(st.text())
def test_names_are_clean(name: str) -> None:
    cleaned = clean_name(name)
    assert 1 <= len(cleaned) <= 255
    assert cleaned.isprintable()
    assert not set(cleaned) & set("/\\")


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Videos\\till.mp4", "till.mp4"),
        ("a\r\nSet-Cookie: x.mp4", "aSet-Cookie: x.mp4"),
        ("x" * 300 + ".mp4", "x" * 251 + ".mp4"),
        ("", "video"),
    ],
)
def test_a_name_is_the_last_part_of_a_path(given_name: str, cleaned: str) -> None:
    assert clean_name(given_name) == cleaned


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"filename*=utf-8''%EB%A7%A4%EC%9E%A5.mp4", TILL),
        (b"filename*=UTF-8'ko'%EB%A7%A4%EC%9E%A5.mp4; filename=\"x.mp4\"", TILL),
        (b"filename=\"x.mp4\"; filename*=euc-kr''%B8%C5%C0%E5.mp4", TILL),
        (b"filename*=no-such-charset''%B8%C5%C0%E5.mp4", TILL),
        (b'filename="' + TILL.encode() + b'"', TILL),
        (b'filename="' + TILL.encode("cp949") + b'"', TILL),
        (b'filename="caf\xe9.mp4"', "café.mp4"),
        (b'filename="\x81\xff\x8d.mp4"', "\x81ÿ\x8d.mp4"),
        (b"", "video"),
    ],
)
def test_a_name_in_any_encoding_is_understood(api: Api, disposition: bytes, name: str) -> None:
    answer = post_form(api, form((b'name="file"; ' + disposition, MP4)))
    assert answer.status_code == 202
    assert answer.json()["filename"] == clean_name(name)


@pytest.mark.parametrize(
    "query", ["%EB%A7%A4%EC%9E%A5.mp4", "%B8%C5%C0%E5.mp4", "dir%2F%B8%C5%C0%E5.mp4"]
)
def test_so_is_one_in_the_query(api: Api, query: str) -> None:
    answer = api.client.post(f"/api/v1/videos?filename={query}", content=MP4)
    assert answer.json()["filename"] == TILL
    listed = api.client.get("/api/v1/videos").json()["items"]
    assert [one["filename"] for one in listed] == [TILL]


@given(st.binary(max_size=60))
def test_whatever_bytes_a_name_has_it_becomes_one(raw: bytes) -> None:
    assert clean_name(decode_name(raw)).isprintable()


@pytest.mark.parametrize("way", ["query", "form"])
def test_a_video_may_say_when_it_was_recorded(api: Api, way: str) -> None:
    moment = "2026-05-01T22:00:00+09:00"
    if way == "query":
        answer = api.client.post("/api/v1/videos", params={"recorded_at": moment}, content=MP4)
    else:
        body = form((b'name="file"; filename="a"', MP4), (b'name="recorded_at"', moment.encode()))
        answer = post_form(api, body)
    assert answer.json()["recorded_at"] == "2026-05-01T13:00:00Z"
    [source] = api.publisher.messages(SOURCES)
    assert isinstance(source, SourceConfigured)
    assert source.is_wall_clock
    assert source.origin_at.isoformat() == "2026-05-01T13:00:00+00:00"
    [video] = api.publisher.messages(VIDEOS)
    assert getattr(video, "origin_at", None) == source.origin_at


def test_otherwise_its_time_is_that_of_the_upload(api: Api) -> None:
    video = api.upload(MP4).json()
    [source] = api.publisher.messages(SOURCES)
    assert isinstance(source, SourceConfigured)
    assert (source.is_wall_clock, source.origin_at) == (False, api.clock.now())
    assert video["recorded_at"] is None


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("last night", "ISO 8601"),
        ("2026-05-01T22:00:00", "zone"),
        ("2126-05-01T22:00:00Z", "future"),
        ("1026-05-01T22:00:00Z", "ISO 8601"),
    ],
)
@pytest.mark.parametrize("way", ["query", "form"])
def test_a_senseless_time_is_refused_and_nothing_stored(
    api: Api, moment: str, says: str, way: str
) -> None:
    if way == "query":
        answer = api.client.post("/api/v1/videos", params={"recorded_at": moment}, content=MP4)
    else:
        body = form((b'name="file"; filename="a"', MP4), (b'name="recorded_at"', moment.encode()))
        answer = post_form(api, body)
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True)
    assert (list(api.store.list("")), api.publisher.published) == ([], [])


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
