"""Uploads that break off and go on: tus, byte by byte the same, whoever takes the parts."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import VIDEOS
from services.api.auth import authenticated
from services.api.principal import Actor, Principal
from services.api.resumable import PREFIX, Begun, Parts
from services.chassis.storage.objects import MemoryObjects
from tests.unit.api.builders import VIDEO
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.test_uploads import MP4, PICTURE

UPLOADS = "/api/v1/uploads"
CHUNK = {"Content-Type": "application/offset+octet-stream"}
BEGUN = Begun(
    upload_id=VIDEO,
    owner="",
    filename="a.mp4",
    size_bytes=100,
    store_id=VIDEO,
    recorded_at=None,
    begun_at=NOW,
)


def begin(api: Api, size: int, **metadata: str) -> str:
    pairs = [f"{name} {base64.b64encode(v.encode()).decode()}" for name, v in metadata.items()]
    headers = {"Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
    answer = api.client.post(UPLOADS, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def send(api: Api, where: str, offset: int, content: bytes) -> Any:
    return api.client.patch(where, content=content, headers=CHUNK | {"Upload-Offset": str(offset)})


def test_an_upload_in_pieces_becomes_a_video_of_its_id(api: Api) -> None:
    where = begin(api, len(MP4), filename="매장.mp4")
    assert send(api, where, 0, MP4[:5000]).headers["upload-offset"] == "5000"
    head = api.client.head(where)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("5000", str(len(MP4)))
    assert send(api, where, 5000, MP4[5000:]).status_code == 204
    video_id = where.rpartition("/")[2]
    video = api.client.get(f"/api/v1/videos/{video_id}").json()
    assert (video["filename"], video["state"]) == ("매장.mp4", "submitted")
    [message] = api.publisher.messages(VIDEOS)
    assert api.store.get(message.object_key) == MP4  # type: ignore[attr-defined]
    assert list(api.store.list(PREFIX)) == []
    assert api.client.head(where).status_code == 404


def test_bytes_that_do_not_go_on_where_it_got_are_refused(api: Api) -> None:
    where = begin(api, len(MP4), filename="a.mp4")
    send(api, where, 0, MP4[:100])
    assert send(api, where, 50, MP4[50:]).status_code == 409
    assert send(api, where, 200, MP4[200:]).status_code == 409
    assert send(api, where, 100, MP4[100:] + b"more").status_code == 413
    assert send(api, where, 100, MP4[100:]).status_code == 204


@pytest.mark.parametrize("pieces", [1, 2])
def test_what_is_no_video_is_refused_and_forgotten(api: Api, pieces: int) -> None:
    where = begin(api, len(PICTURE), filename="a.mp4")
    cut = len(PICTURE) // pieces
    if pieces > 1:
        assert send(api, where, 0, PICTURE[:cut]).status_code == 204
    sent = cut * (pieces - 1)
    answer = send(api, where, sent, PICTURE[sent:])
    assert answer.status_code == 415
    assert "picture" in answer.json()["detail"]
    assert list(api.store.list("")) == []


def test_one_that_is_too_large_is_refused_before_its_bytes(make_api: Any) -> None:
    api = make_api(api_max_upload_bytes=1000)
    answer = api.client.post(UPLOADS, headers={"Upload-Length": "1001"})
    assert (answer.status_code, list(api.store.list(""))) == (413, [])
    assert api.client.options(UPLOADS).headers["tus-max-size"] == "1000"


def test_another_version_of_the_protocol_is_refused(api: Api) -> None:
    headers = {"Upload-Length": "5", "Tus-Resumable": "0.2.2"}
    answer = api.client.post(UPLOADS, headers=headers)
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


def test_nobody_goes_on_with_what_another_began(api: Api) -> None:
    where = begin(api, len(MP4), filename="a.mp4")
    another = Principal(actor=Actor("user", UUID(int=7), "a@example.org"))
    overrides = api.client.app.dependency_overrides  # type: ignore[attr-defined]
    overrides[authenticated] = lambda: another
    assert send(api, where, 0, MP4).status_code == 404
    assert api.client.delete(where).status_code == 404
    overrides.clear()
    assert api.client.delete(where).status_code == 204
    assert list(api.store.list("")) == []


def test_what_never_went_on_goes_after_two_days() -> None:
    parts = Parts(MemoryObjects())
    parts.begin(BEGUN)
    parts.add(VIDEO, 0, b"abc")
    assert parts.expire(NOW + timedelta(days=1)) == 0
    assert parts.expire(NOW + timedelta(days=2)) == 1
    assert parts.find(VIDEO) is None


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.data())
def test_parts_sent_in_any_pieces_and_twice_are_the_file(sizes: list[int], data: Any) -> None:
    store = MemoryObjects()
    parts, content = Parts(store), bytes(range(256))[: sum(sizes)] * 2
    parts.begin(BEGUN)
    offset = 0
    for size in sizes:
        again = data.draw(st.integers(1, size))
        parts.add(VIDEO, offset, content[offset : offset + again])
        parts.add(VIDEO, offset, content[offset : offset + size])
        offset = parts.offset(VIDEO)
    parts.join(VIDEO, "whole", "video/mp4")
    assert store.get("whole") == content[:offset]
    assert offset == sum(sizes)


def test_a_video_is_renamed(api: Api) -> None:
    video_id = api.upload(MP4, "a.mp4").json()["video_id"]
    answer = api.client.patch(f"/api/v1/videos/{video_id}", json={"filename": "../till\n2.mp4"})
    assert answer.json()["filename"] == "till2.mp4"
