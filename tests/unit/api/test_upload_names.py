"""What a video is called and when it was recorded, as whoever hands it in says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.sources import SourceConfigured
from schemas.topics import SOURCES, VIDEOS
from services.api.names import clean_name, decode_name
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4, form, post_form

TILL = "매장.mp4"


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
