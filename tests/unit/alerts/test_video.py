"""Parts of a video: the frame on screen at a moment, the cut of a span."""

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from services.alerts.core.spans import Span
from services.alerts.video import cut
from services.chassis.media.recording import VideoUnreadable, open_recording
from tests.unit.alerts.room import RATE, read_time, video

CONTAINERS: dict[str, tuple[str, dict[str, Any]]] = {
    "mp4": ("video.mp4", {}),
    "mkv": ("video.mkv", {}),
    "mpeg-ts": ("video.ts", {}),
    "avi": ("video.avi", {"codec": "mpeg4"}),
    "hevc": ("video.mp4", {"codec": "libx265"}),
    "fragmented": ("video.mp4", {"options": {"movflags": "frag_keyframe+empty_moov"}}),
    "bare h264": ("video.h264", {}),
    "webm": ("video.webm", {"codec": "libvpx"}),
    "late start": ("video.mkv", {"start_s": 7.0}),
}


@pytest.fixture(scope="module", params=CONTAINERS)
def content(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    name, options = CONTAINERS[request.param]
    return video(tmp_path_factory.mktemp("video") / name, **options)


def cut_of(content: bytes, span: Span, path: Path) -> list[tuple[float, float]]:
    """When each frame of the cut is shown, and what its picture says."""
    with open_recording(io.BytesIO(content)) as clip:
        cut(clip, span, path)
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), read_time(frame.to_ndarray(format="rgb24")))
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.99, 7.3, 19.9, 500.0])
def test_the_frame_is_the_one_on_screen_at_that_moment(content: bytes, seconds: float) -> None:
    with open_recording(io.BytesIO(content)) as clip:
        assert read_time(clip.at(seconds)) == pytest.approx(min(seconds, 19.96), abs=0.15)
        assert read_time(clip.at(3.0)) == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize("span", [Span(0, 4), Span(3.3, 8.1), Span(17, 30)])
def test_a_cut_holds_the_span_in_its_own_time(content: bytes, span: Span, tmp_path: Path) -> None:
    frames = cut_of(content, span, tmp_path / "cut.mp4")
    end_s = min(span.end_s, 20.0)
    assert frames[0][0] == 0
    assert len(frames) == pytest.approx((end_s - span.start_s) * RATE, abs=2)
    for at_s, said_s in frames:
        assert said_s == pytest.approx(span.start_s + at_s, abs=0.2)


def test_a_cut_starts_to_play_before_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    cut_of(video(tmp_path / "video.mp4"), Span(2, 4), path)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"


def test_a_span_past_the_end_shows_the_last_frame(tmp_path: Path) -> None:
    content = video(tmp_path / "video.mp4", seconds=2)
    ((at_s, said_s),) = cut_of(content, Span(60, 70), tmp_path / "cut.mp4")
    assert at_s == 0
    assert said_s == pytest.approx(1.96, abs=0.15)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_video_on_its_side_is_stood_up(degrees: int, tmp_path: Path) -> None:
    content = turned(video(tmp_path / "plain.mp4", seconds=2), degrees, tmp_path / "turned.mp4")
    tall = degrees != 180
    with open_recording(io.BytesIO(content)) as clip:
        assert clip.at(1.0).shape == ((320, 180, 3) if tall else (180, 320, 3))
        cut(clip, Span(0, 1), tmp_path / "cut.mp4")
    with av.open(str(tmp_path / "cut.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == ((180, 320) if tall else (320, 180))
        assert frame.rotation == 0


def turned(content: bytes, degrees: int, path: Path) -> bytes:
    """The same packets with a display matrix in the header, as telephones write it."""
    matrix = {
        0: (1, 0, 0, 1),
        90: (0, 1, -1, 0),
        180: (-1, 0, 0, -1),
        270: (0, -1, 1, 0),
    }
    a, b, c, d = (value * 0x10000 for value in matrix[degrees])
    plain = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    wanted = np.array([a, b, 0, c, d, 0, 0, 0, 0x40000000], ">i4").tobytes()
    track = content.index(b"tkhd")
    place = content.index(plain, track)
    path.write_bytes(content[:place] + wanted + content[place + len(plain) :])
    return path.read_bytes()


@pytest.mark.parametrize("size", [(321, 181), (64, 360), (2560, 1440)])
def test_any_size_can_be_cut(size: tuple[int, int], tmp_path: Path) -> None:
    content = video(tmp_path / "video.mkv", seconds=0.4, size=size, codec="ffv1")
    with open_recording(io.BytesIO(content)) as clip:
        cut(clip, Span(0, 1), tmp_path / "cut.mp4")
    with av.open(str(tmp_path / "cut.mp4")) as container:
        context: Any = container.streams.video[0].codec_context
        assert context.width % 2 == context.height % 2 == 0
        assert max(context.width, context.height) <= 1920


BAD = {
    "nothing": b"",
    "text": b"this is not a video" * 100,
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/secret.ts\n",
    "a concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_video_is_unreadable(name: str) -> None:
    with pytest.raises(VideoUnreadable), open_recording(io.BytesIO(BAD[name])):
        pass


def test_a_truncated_video_gives_what_it_has(tmp_path: Path) -> None:
    content = video(tmp_path / "video.mkv")
    with open_recording(io.BytesIO(content[: len(content) // 2])) as clip:
        assert read_time(clip.at(1.0)) == pytest.approx(1.0, abs=0.15)


def test_reading_ends_at_the_deadline(tmp_path: Path) -> None:
    content = video(tmp_path / "video.mp4")
    with (
        pytest.raises(VideoUnreadable, match="too long"),
        open_recording(io.BytesIO(content), deadline_s=-1),
    ):
        pass
