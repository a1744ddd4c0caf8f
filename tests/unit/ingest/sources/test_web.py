"""What lies behind an http address: streams, pages and links that expire, served by the test."""

import threading
import time
from collections.abc import Iterator
from itertools import count, pairwise

import numpy as np
import psutil
import pytest

from services.chassis.media.jpeg import of_rgb
from services.ingest.sources.fetching import Body, Fetch, Playlist
from services.ingest.sources.port import SourceLost
from tests.unit.ingest.sources.links import HERE, first_frames, loss, source
from tests.web_server import LiveHls, WebServer, motion_jpeg, mp4


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
