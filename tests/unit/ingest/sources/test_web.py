"""What lies behind an http address: streams, pages and links that expire, served by the test."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count, islice, pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from services.chassis.addresses import AddressPolicy, Credentials, parse
from services.chassis.media.jpeg import of_rgb
from services.ingest.sources.connecting import Patience
from services.ingest.sources.fetching import Body, Fetch, Playlist
from services.ingest.sources.opening import Opening, Wish
from services.ingest.sources.page import Link, PageResolver, PageSource
from services.ingest.sources.port import LiveFrame, LiveSource, PacketTap, SourceLost
from services.ingest.sources.scripted import ScriptedSource, picture
from services.ingest.sources.stream import StreamSource
from services.ingest.sources.web import WebSource
from tests.waiting import wait_until
from tests.web_server import (
    Answer,
    Asked,
    LiveHls,
    WebServer,
    motion_jpeg,
    mp4,
    segments,
    web_server,
)

HERE = AddressPolicy()
PATIENCE = Patience(open_s=20.0, read_s=20.0, segmented_read_s=30.0)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return segments(tmp_path_factory.mktemp("hls"), 20)


def stream(url: str, fetch: Fetch) -> LiveSource:
    return StreamSource(url, patience=PATIENCE, fetch=fetch)


def source(typed: str, policy: AddressPolicy = HERE, **more: object) -> WebSource:
    camera, credentials = parse(typed)
    return WebSource(camera, credentials, policy, stream, **more)  # type: ignore[arg-type]


def first_frames(source: LiveSource, count: int) -> list[LiveFrame]:
    """Opens it, takes so many pictures, closes it."""
    try:
        source.open()
        return list(islice(source.frames(), count))
    finally:
        source.close()


def loss(source: LiveSource) -> str:
    """Opens it and reads until it is lost; the sentence."""
    try:
        source.open()
        for _ in source.frames():
            pass
    except SourceLost as lost:
        return str(lost)
    finally:
        source.close()
    raise AssertionError("an endless source never ends by itself")


def test_an_hls_link_is_watched_and_each_segment_fetched_once(
    server: WebServer, pieces: list[bytes]
) -> None:
    LiveHls(server, pieces, discontinuity_every=3)
    frames = first_frames(source(server.url("/live.m3u8")), 35)
    levels = [round(float(one.picture.to_ndarray(format="gray").mean())) for one in frames]
    assert len(frames) == 35
    assert len({*pairwise(levels)}) == 34, "no picture comes twice"
    fetched = [one.path for one in server.asked if ".ts" in one.path]
    assert len(fetched) == len(set(fetched))


def test_a_link_that_expires_ends_the_stream_at_once(
    server: WebServer, pieces: list[bytes]
) -> None:
    hls = LiveHls(server, pieces, key="one")
    watched = source(server.url("/live.m3u8?key=one"))
    watched.open()
    frames = watched.frames()
    next(frames)
    hls.key = "two"
    began_s = time.monotonic()
    with pytest.raises(SourceLost, match="expired"):
        list(frames)
    watched.close()
    assert time.monotonic() - began_s < 15


def test_a_playlist_that_stands_still_is_an_outage() -> None:
    playlist = Playlist()
    live = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n1.ts\n"
    for now_s in (0, 4, 8, 12):
        playlist.read(live, now_s)
    playlist.read(live + b"#EXTINF:2.0,\n2.ts\n", 14)
    playlist.read(live + b"#EXTINF:2.0,\n2.ts\n", 25)
    with pytest.raises(SourceLost, match="stands still"):
        playlist.read(live + b"#EXTINF:2.0,\n2.ts\n", 27)
    ended = Playlist()
    for now_s in (0, 100):
        ended.read(live + b"#EXT-X-ENDLIST\n", now_s)


def test_a_live_playlist_that_stands_still_is_lost_within_its_time(
    server: WebServer, pieces: list[bytes]
) -> None:
    LiveHls(server, pieces, stands_still_at=6)
    assert "stands still" in loss(source(server.url("/live.m3u8"), still_s=2.0))


def test_segments_that_fell_out_of_the_playlist_are_passed_over(
    server: WebServer, pieces: list[bytes]
) -> None:
    LiveHls(server, pieces)
    for number in (5, 6):
        server.routes[f"/{number}.ts"] = lambda _: (404, {}, b"")
    assert len(first_frames(source(server.url("/live.m3u8")), 25)) == 25


def test_a_recorded_file_plays_though_its_index_is_at_its_end(server: WebServer) -> None:
    server.serve("/clip.mp4", mp4(2), "video/mp4")
    frames = first_frames(source(server.url("/clip.mp4")), 20)
    assert len(frames) == 20


def jpegs() -> Iterator[bytes]:
    for number in count():
        yield of_rgb(np.full((48, 64, 3), 20 + 5 * number % 200, np.uint8)).content


@pytest.mark.parametrize("with_length", [True, False])
def test_motion_jpeg_is_watched_as_it_comes(server: WebServer, with_length: bool) -> None:
    stopped = threading.Event()
    server.routes["/mjpg"] = lambda _: motion_jpeg(stopped, jpegs(), with_length)
    try:
        frames = first_frames(source(server.url("/mjpg")), 12)
    finally:
        stopped.set()
    assert (frames[0].picture.width, frames[0].picture.height) == (64, 48)
    assert server.times_asked("/mjpg") == 1, "cameras allow few clients"


def test_handles_and_threads_stay_as_many_over_many_connections(server: WebServer) -> None:
    server.serve("/clip.mp4", mp4(1), "video/mp4")
    server.serve("/live.m3u8", "#EXTM3U\n", "application/vnd.apple.mpegurl")
    process = psutil.Process()

    def cycle() -> None:
        first_frames(source(server.url("/clip.mp4")), 3)
        assert loss(source(server.url("/live.m3u8")))
        assert loss(source(server.url("/nothing")))

    for _ in range(3):
        cycle()
    before = process.num_fds(), process.num_threads()
    for _ in range(20):
        cycle()
    assert process.num_fds() <= before[0] + 3
    assert process.num_threads() <= before[1] + 3


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


def test_a_body_is_read_from_where_it_was_sought(server: WebServer) -> None:
    server.serve("/file", bytes(range(200)), "video/mp4")
    fetch = Fetch(HERE)
    body = fetch(server.url("/file"), 1, {})
    assert isinstance(body, Body)
    assert body.read(4) == bytes([0, 1, 2, 3])
    body.seek(100)
    assert (body.read(2), body.tell()) == (bytes([100, 101]), 102)
    body.close()
    fetch.close()


def page(title: str, link: str) -> str:
    return (
        f'<html><head><title>{title}</title></head><body><video src="{link}"></video></body></html>'
    )


def test_a_page_is_known_by_what_answers_and_its_video_found(
    server: WebServer, pieces: list[bytes]
) -> None:
    LiveHls(server, pieces)
    server.serve("/watch", page("The shop", "/live.m3u8"), "text/html; charset=utf-8")
    assert len(first_frames(source(server.url("/watch")), 15)) == 15


def test_a_page_without_a_video_is_told(server: WebServer) -> None:
    server.serve("/watch", "<html><body>Hello</body></html>", "text/html")
    assert "No video" in loss(source(server.url("/watch")))


def test_a_page_leads_its_finder_nowhere_that_is_refused(server: WebServer) -> None:
    target = "http://169.254.169.254/latest"
    server.routes["/watch"] = lambda _: (302, {"Location": target}, b"")
    with pytest.raises(SourceLost, match="where no camera is"):
        PageResolver(HERE)(server.url("/watch"))


def test_a_page_that_does_not_answer_in_time_is_given_up(server: WebServer) -> None:
    with pytest.raises(SourceLost, match="does not answer"):
        PageResolver(HERE, within_s=0.01)(server.url("/watch"))


class Site:
    """A site whose page always shows a link that is valid now, and counts who asks for it."""

    def __init__(self, server: WebServer, hls: LiveHls) -> None:
        self._server, self._hls = server, hls
        self.asked = 0

    def __call__(self, url: str) -> Link:
        self.asked += 1
        self._hls.key = f"{self.asked}"
        return Link(self._server.url(f"/live.m3u8?key={self._hls.key}"), is_live=True)


def test_a_link_that_gave_out_is_asked_for_again(server: WebServer, pieces: list[bytes]) -> None:
    hls = LiveHls(server, pieces)
    site = Site(server, hls)

    def stream_of(link: Link) -> LiveSource:
        return stream(link.url, Fetch(HERE))

    watched = PageSource(server.url("/watch"), site, stream_of, worth_s=0.0)
    watched.open()
    frames = watched.frames()
    for _ in range(3):
        hls.key = "another"
        before = site.asked
        for _ in range(200):
            next(frames)
            if site.asked > before:
                break
        assert site.asked == before + 1
        assert next(frames) is not None
    watched.close()


class EndlessSource(ScriptedSource):
    """One picture after the other until it is closed."""

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        while not self.closed:
            yield LiveFrame(picture(), time.monotonic())


def test_the_next_link_is_fetched_while_the_old_one_still_plays() -> None:
    made: list[EndlessSource] = []
    asked = 0
    answer = threading.Event()

    def resolve(_: str) -> Link:
        nonlocal asked
        asked += 1
        if asked == 2:
            answer.wait(60)
        if asked == 3:
            raise SourceLost("the page is away for a moment")
        now_s = time.time()
        return Link(f"https://cdn.example/?expire={int(now_s) + 20}", found_at_s=now_s - 1e6)

    def stream_of(_: Link) -> LiveSource:
        made.append(EndlessSource())
        return made[-1]

    watched = PageSource("https://page.example", resolve, stream_of)
    watched.open()
    frames = watched.frames()
    for _ in range(50):
        next(frames)
    assert (asked, len(made)) == (2, 1), "it is asked for aside"
    answer.set()
    wait_until(lambda: next(frames) and len(made) > 1)
    assert made[0].closed
    wait_until(lambda: next(frames) and asked == 3)
    for _ in range(50):
        assert next(frames)
    assert len(made) == 2, "a page that is away costs nothing while the link is good"
    watched.close()


def test_a_link_is_replaced_before_it_expires() -> None:
    link = Link("https://cdn.example/live.m3u8?expire=2000000100&x=1", found_at_s=2000000000)
    assert not link.expires_soon(2000000040)
    assert link.expires_soon(2000000056)
    assert not Link("https://cdn.example/live.m3u8").expires_soon(9e9)
    short = Link("https://cdn.example/expire/2000000010/x", found_at_s=2000000000)
    assert not short.expires_soon(2000000004)
    assert short.expires_soon(2000000006)


def test_the_finder_writes_nothing_and_starts_nothing(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "from services.chassis.addresses import AddressPolicy\n"
        "from services.ingest.sources.resolving import confine\n"
        "import os, socket, subprocess, sys\n"
        "confine(AddressPolicy(networks=frozenset({'public'})))\n"
        "tries = [lambda: open(sys.argv[1], 'w'), lambda: os.system('true'),\n"
        "  lambda: subprocess.run(['true']), lambda: socket.create_connection(('127.0.0.1', 1))]\n"
        "for one in tries:\n"
        "  try:\n"
        "    one()\n"
        "  except Exception as error: print(type(error).__name__)\n"
    )
    path = str(tmp_path / "file")
    done = subprocess.run([sys.executable, "-B", "-c", code, path], capture_output=True, text=True)
    assert done.stdout.split() == ["Denied", "Denied", "Denied", "AddressFault"]


def test_an_rtsp_camera_is_connected_to_where_its_name_led_when_it_was_checked() -> None:
    opening = Opening(HERE, Patience(), lambda: datetime.now(UTC))
    watched = opening.source(Wish("rtsp://localhost:1/s", Credentials("admin", "s3cret")))
    assert isinstance(watched, StreamSource)
    sentence = loss(watched)
    assert "refuses the connection" in sentence
    assert "s3cret" not in sentence
