"""Handing in a video: streamed, sniffed, limited, announced."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import SOURCES, VIDEOS
from services.api.forms import FormFile, MalformedForm
from services.api.sniffing import HEAD_BYTES
from tests.unit.api.conftest import Api

MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 64
PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(300) + b"\xff\xd9"
LARGE_PICTURE = PICTURE[:-2] + bytes(HEAD_BYTES) + b"\xff\xd9"
BOUNDARY = b"frontier"


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
