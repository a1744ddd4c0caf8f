"""Where a link may lead, and who is let in."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.chassis.addresses import Credentials
from services.ingest.sources.connecting import Patience
from services.ingest.sources.fetching import Fetch
from services.ingest.sources.opening import Opening, Wish
from services.ingest.sources.port import SourceLost
from services.ingest.sources.stream import StreamSource
from tests.unit.ingest.sources.links import HERE, loss, source
from tests.web_server import Answer, Asked, WebServer


def test_a_redirect_is_checked_as_any_address(server: WebServer) -> None:
    target = "http://169.254.169.254/latest/meta-data"
    server.routes["/live"] = lambda _: (302, {"Location": target}, b"")
    assert "where no camera is" in loss(source(server.url("/live")))


def test_a_playlist_leads_nowhere_that_is_refused(server: WebServer) -> None:
    lines = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nhttp://[fd00:ec2::254]/1.ts\n"
    server.serve("/live.m3u8", lines, "application/vnd.apple.mpegurl")
    assert "where no camera is" in loss(source(server.url("/live.m3u8")))


def test_what_lies_on_the_internet_reaches_no_server_of_the_house(server: WebServer) -> None:
    server.serve("/inner", "secret", "video/mp4")
    names = {"page.example": ["8.8.8.8"], "inner.example": ["127.0.0.1"]}
    policy = HERE.seen_from(HERE.check_url("http://page.example/", names.__getitem__))
    fetch = Fetch(policy, resolve=names.__getitem__)
    with pytest.raises(SourceLost, match="on this machine"):
        fetch.get(f"http://inner.example:{server.port}/inner")
    fetch.close()
    assert server.asked == []


def test_a_redirect_goes_round_in_circles_no_longer_than_five_times(server: WebServer) -> None:
    server.routes["/a"] = lambda _: (302, {"Location": "/a"}, b"")
    assert "never to a video" in loss(source(server.url("/a")))


def basic(asked: Asked) -> Answer:
    wanted = "Basic " + base64.b64encode(b"admin:p@ss/:#").decode()
    if asked.headers.get("authorization") != wanted:
        return 401, {"WWW-Authenticate": 'Basic realm="camera"'}, b""
    return 200, {"Content-Type": "video/mp4"}, b"yes"


def digest(asked: Asked) -> Answer:
    given = asked.headers.get("authorization", "")
    if not given.startswith("Digest ") or 'username="admin"' not in given:
        challenge = 'Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5'
        return 401, {"WWW-Authenticate": challenge}, b""
    return 200, {"Content-Type": "video/mp4"}, b"yes"


@pytest.mark.parametrize("route", [basic, digest])
def test_a_camera_gets_its_password_as_it_asks_for_it(
    server: WebServer, route: Callable[[Asked], Answer]
) -> None:
    server.routes["/mjpg"] = route
    fetch = Fetch(HERE, Credentials("admin", "p@ss/:#"))
    body = fetch(server.url("/mjpg"), 1, {})
    assert body.read() == b"yes"
    body.close()
    fetch.close()


@pytest.mark.parametrize(
    ("code", "word"),
    [(401, "password"), (403, "expired"), (404, "no stream"), (410, "expired"), (503, "too many")],
)
def test_refusals_have_a_sentence(server: WebServer, code: int, word: str) -> None:
    server.routes["/live"] = lambda _: (code, {}, b"")
    sentence = loss(source(server.url("/live?pwd=s3cret")))
    assert word in sentence
    assert "s3cret" not in sentence


def test_nobody_listening_is_told_without_the_address() -> None:
    sentence = loss(source("http://127.0.0.1:1/?pwd=s3cret"))
    assert "cannot be reached" in sentence
    assert "s3cret" not in sentence


def test_an_rtsp_camera_is_connected_to_where_its_name_led_when_it_was_checked() -> None:
    opening = Opening(HERE, Patience(), lambda: datetime.now(UTC))
    watched = opening.source(Wish("rtsp://localhost:1/s", Credentials("admin", "s3cret")))
    assert isinstance(watched, StreamSource)
    sentence = loss(watched)
    assert "refuses the connection" in sentence
    assert "s3cret" not in sentence
