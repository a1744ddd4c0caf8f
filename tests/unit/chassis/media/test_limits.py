"""Hostile files end in one sentence, within bounds of memory and work."""

import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from services.chassis.media.bounded import BoundedReader
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.recording import VideoUnreadable, open_recording
from services.chassis.media.video import open_video
from tests.unit.ingest import videos

MIB = 1024 * 1024


def plain(path: Path, width: int, height: int, codec: str = "ffv1") -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=5)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(2):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.pts, frame.time_base = number, Fraction(1, 5)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


@pytest.mark.parametrize(("width", "height"), [(66_000, 64), (64, 66_000), (9600, 9600)])
def test_a_picture_that_is_too_large_is_said_so_by_every_reader(
    tmp_path: Path, width: int, height: int
) -> None:
    path = plain(tmp_path / "wide.mkv", width, height)
    sentence = f"The picture is too large: {width}x{height} pixels."
    with pytest.raises(BadVideo, match=sentence):
        open_video(path)
    with (
        path.open("rb") as readable,
        pytest.raises(VideoUnreadable, match=sentence),
        open_recording(readable),
    ):
        pass


def test_the_widest_allowed_is_read(tmp_path: Path) -> None:
    with open_video(plain(tmp_path / "wide.mkv", 16_384, 64)) as video:
        assert len(list(video.frames())) == 2


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (MediaLimits(max_frames=20), "more than 20 frames"),
        (MediaLimits(max_gigapixels=64 * 48 * 25 / 1e9), "gigapixels in all"),
    ],
)
def test_work_is_bounded(tmp_path: Path, limits: MediaLimits, sentence: str) -> None:
    path = videos.make(tmp_path / "a.mp4", videos.every(15, 30))
    with open_video(path, limits) as video, pytest.raises(BadVideo, match=sentence):
        list(video.frames())


@pytest.mark.parametrize("name", ["a.h264", "a.ts", "a.mkv", "a.mjpeg"])
def test_what_follows_a_video_ends_it(tmp_path: Path, name: str) -> None:
    options = {"codec": "mjpeg", "pix_fmt": "yuvj420p"} if name == "a.mjpeg" else {}
    path = videos.make(tmp_path / name, videos.every(25, 30), **options)
    with path.open("ab") as tail:
        tail.write(bytes(2 * MIB))
    with open_video(path, MediaLimits(max_silent_bytes=MIB // 2)) as video:
        assert 27 <= len(list(video.frames())) <= 31


TAILED = """
import re, sys
from pathlib import Path
from services.chassis.media.video import open_video
with open_video(Path(sys.argv[1])) as video:
    count = sum(1 for _ in video.frames())
status = Path("/proc/self/status").read_text()
print(count, int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024)
"""


@pytest.mark.parametrize("tail", [b"\0", b"\xff", b"\x41"])
def test_memory_does_not_follow_what_lies_behind_a_bare_stream(tmp_path: Path, tail: bytes) -> None:
    path = videos.make(tmp_path / "a.h264", videos.every(25, 30), options={"bf": "0"})
    with path.open("ab") as behind:
        for _ in range(400):
            behind.write(tail * MIB)
    command = [sys.executable, "-c", TAILED, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    count, resident_mib = map(int, done.stdout.split())
    assert count >= 29
    assert resident_mib < 420


def test_a_packet_gives_the_reader_its_breath_back() -> None:
    reader = BoundedReader(io.BytesIO(bytes(100)), max_silent_bytes=20)
    assert [len(reader.read(10)) for _ in range(5)] == [10, 10, 10, 0, 0]
    reader.heard()
    assert len(reader.read(10)) == 10
    assert reader.seek(95) == reader.tell() == 95


PLAYLISTS = {
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/secret.ts\n",
    "a concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a session description": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5000 RTP/AVP 96\r\n",
    "a DASH manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_nothing_that_names_other_files_is_opened(name: str) -> None:
    with pytest.raises(BadVideo):
        open_video(io.BytesIO(PLAYLISTS[name]))


def test_a_stream_whose_clock_stands_still_ends(tmp_path: Path) -> None:
    """A still clock never ends by its duration, so its frames are counted."""
    path = tmp_path / "still.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
        for _ in range(50):
            for packet in stream.encode(picture.reformat(format="yuv420p")):
                packet.pts = packet.dts = 0
                output.mux(packet)
    with open_video(path, MediaLimits(max_frames=40)) as video, pytest.raises(BadVideo):
        list(video.frames())
