"""Pages whose video is found, and links that give out."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest.sources.fetching import Fetch
from services.ingest.sources.page import Link, PageResolver, PageSource
from services.ingest.sources.port import LiveFrame, LiveSource, PacketTap, SourceLost
from services.ingest.sources.scripted import ScriptedSource, picture
from tests.unit.ingest.sources.links import HERE, first_frames, loss, source, stream
from tests.waiting import wait_until
from tests.web_server import LiveHls, WebServer


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
