"""Media with HTTP ranges, as players ask for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.ranges import Unsatisfiable, parse
from tests.unit.api.conftest import Api

CONTENT = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 12_000


@pytest.fixture
def url(api: Api) -> str:
    return f"/api/v1/videos/{api.upload(CONTENT, 'naïve film.mkv').json()['video_id']}/media"


SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=100-199", 100, 199),
        ("bytes=100-99999999999", 100, SIZE - 1),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        ("bytes=-99999999999", 0, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=1048570-1048590", 1048570, 1048590),
    ],
)
def test_a_range_is_sent_alone(api: Api, url: str, header: str, first: int, last: int) -> None:
    answer = api.client.get(url, headers={"Range": header})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.content == CONTENT[first : last + 1]
    head = api.client.head(url, headers={"Range": header})
    assert (head.status_code, head.content) == (206, b"")
    assert head.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize(
    "header",
    ["", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=5-4", "bytes=0-1,3-4", "bytes=²-3"],
)
def test_what_is_no_single_range_gets_the_whole(api: Api, url: str, header: str) -> None:
    answer = api.client.get(url, headers={"Range": header.encode()})
    assert (answer.status_code, answer.content == CONTENT) == (200, True)
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 1}", "bytes=-0"])
def test_a_range_past_the_end_is_416(api: Api, url: str, header: str) -> None:
    answer = api.client.get(url, headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert answer.headers["content-type"] == "application/problem+json"


def test_conditions(api: Api, url: str) -> None:
    etag = api.client.head(url).headers["etag"]
    assert api.client.get(url, headers={"If-None-Match": etag}).status_code == 304
    part = {"Range": "bytes=0-9"}
    assert api.client.get(url, headers=part | {"If-Range": etag}).status_code == 206
    assert api.client.get(url, headers=part | {"If-Range": '"old"'}).status_code == 200


def test_head_tells_what_get_would_send(api: Api, url: str) -> None:
    head = api.client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(SIZE)
    assert head.headers["content-type"] == "video/x-matroska"
    assert "na%C3%AFve%20film.mkv" in head.headers["content-disposition"]


@given(st.text(alphabet="bytes=-0123456789, ", max_size=30), st.integers(0, 10**6))
def test_whatever_is_asked_a_span_lies_inside(header: str, size: int) -> None:
    try:
        span = parse(header, size)
    except Unsatisfiable:
        return
    if span:
        assert 0 <= span.start < span.stop <= size == span.size
