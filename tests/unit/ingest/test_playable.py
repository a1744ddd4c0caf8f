"""Whatever comes in, a browser gets H.264 in a fast-starting MP4 on the analysis' time."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
import simplejpeg

from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.video import open_video
from services.ingest.clips import clips_of
from services.ingest.playable import Box, Facts, boxes, examine, remedy
from services.ingest.transcode import make_playable
from tests.unit.ingest import videos
from tests.unit.ingest.test_file import assert_corners

LIMITS = MediaLimits()
FAST = {"movflags": "faststart"}
MOV = "mov,mp4,m4a,3gp,3g2,mj2"
INDEX_FIRST = (Box(b"ftyp", 32, b"isom"), Box(b"moov", 64), Box(b"mdat", 99))
INDEX_LAST = (Box(b"ftyp", 32, b"isom"), Box(b"mdat", 64), Box(b"moov", 99))


def facts(**more: Any) -> Facts:
    fields = {
        "container": MOV,
        "codec": "h264",
        "pixel_format": "yuv420p",
        "sound": frozenset({"aac"}),
        "is_alone": True,
        "first_picture_s": 0.0,
        "boxes": INDEX_FIRST,
        "size_bytes": 99,
        **more,
    }
    return Facts(**fields)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "none"),
        ({"sound": frozenset()}, "none"),
        ({"pixel_format": "yuvj420p"}, "none"),
        ({"boxes": INDEX_LAST}, "remux"),
        ({"boxes": (Box(b"ftyp", 32, b"qt  "), *INDEX_FIRST[1:])}, "remux"),
        ({"boxes": (*INDEX_FIRST[:2], Box(b"moof", 80), Box(b"mdat", 99))}, "remux"),
        ({"boxes": INDEX_FIRST[:2]}, "remux"),
        ({"size_bytes": 80}, "remux"),
        ({"sound": frozenset({"pcm_s16le"})}, "remux"),
        ({"container": "matroska,webm"}, "remux"),
        ({"is_alone": False}, "remux"),
        ({"first_picture_s": 3.0}, "remux"),
        ({"first_picture_s": None}, "transcode"),
        ({"codec": "hevc"}, "transcode"),
        ({"container": "avi"}, "transcode"),
        ({"pixel_format": "yuv420p10le"}, "transcode"),
        ({"pixel_format": None}, "transcode"),
    ],
)
def test_the_least_that_makes_it_playable(changes: dict[str, Any], expected: str) -> None:
    assert remedy(facts(**changes)) == expected


def playable(path: Path, tmp_path: Path) -> tuple[str, Path]:
    """What was needed, and the file a browser gets."""
    with path.open("rb") as readable:
        how = remedy(examine(readable, LIMITS))
        if how == "none":
            return how, path
        target = tmp_path / "playable.mp4"
        make_playable(readable, target, how, LIMITS, lambda: None)
    with target.open("rb") as readable:
        assert remedy(examine(readable, LIMITS)) == "none"
    return how, target


def numbers(path: Path) -> list[int]:
    return [videos.number_of(jpeg) for clip in clips_of(path) for jpeg in clip.frames]


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        ("a.mp4", {"container": FAST}, "none"),
        ("a.mp4", {"container": FAST, "sound": True}, "none"),
        ("a.mp4", {"sound": True}, "remux"),
        ("a.mp4", {"container": {"movflags": "frag_keyframe+empty_moov"}}, "remux"),
        ("a.mov", {"container": FAST}, "remux"),
        ("a.mkv", {"options": {"bf": "3"}}, "remux"),
        ("a.ts", {"options": {"bf": "3"}, "sound": True}, "remux"),
        ("a.flv", {}, "remux"),
        ("a.mp4", {"codec": "libx265", "container": FAST}, "transcode"),
        ("a.avi", {"codec": "mpeg4"}, "transcode"),
        ("a.avi", {"options": {"bf": "3"}}, "transcode"),
        ("a.webm", {"codec": "libvpx-vp9"}, "transcode"),
        ("a.mp4", {"pix_fmt": "yuv420p10le", "container": FAST}, "transcode"),
        ("a.mp4", {"size": (321, 241), "container": FAST}, "transcode"),
    ],
)
def test_the_copy_shows_the_same_at_the_same_time(
    tmp_path: Path, name: str, more: dict[str, Any], expected: str
) -> None:
    original = videos.make(tmp_path / name, videos.every(15, 24), **more)
    how, copy = playable(original, tmp_path)
    assert how == expected
    assert numbers(copy)[:24] == numbers(original)[:24]
    with av.open(str(copy)) as container:
        assert container.streams.video[0].start_time == 0


def test_a_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [0, 1 / 30, 0.5, 0.55, 1.0]
    original = videos.make(tmp_path / "a.mp4", times, codec="libx265")
    _, copy = playable(original, tmp_path)
    assert numbers(copy)[:15] == numbers(original)[:15]


def test_more_than_thirty_frames_a_second_are_halved(tmp_path: Path) -> None:
    original = videos.make(tmp_path / "a.mp4", videos.every(60, 60), codec="libx265")
    _, copy = playable(original, tmp_path)
    with av.open(str(copy)) as container:
        assert len(list(container.decode(video=0))) == 30


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("turn", [90, -90, 180])
def test_the_copy_is_turned_as_the_original(tmp_path: Path, codec: str, turn: int) -> None:
    original = videos.make(
        tmp_path / "a.mp4",
        videos.every(15, 3),
        size=(320, 160),
        paint=videos.quadrants,
        turn=turn,
        codec=codec,
    )
    _, copy = playable(original, tmp_path)
    corners = {90: "gwrb", -90: "brwg", 180: "wbgr"}[turn]
    clip = next(iter(clips_of(copy)))
    assert_corners(simplejpeg.decode_jpeg(clip.frames[0], colorspace="RGB"), corners)


@pytest.mark.parametrize("colorspace", [1, 5])
def test_the_copy_has_the_colours_of_the_original(tmp_path: Path, colorspace: int) -> None:
    original = videos.make(
        tmp_path / "a.mp4",
        videos.every(15, 3),
        size=(320, 160),
        paint=videos.quadrants,
        colorspace=colorspace,
        codec="libx265",
    )
    _, copy = playable(original, tmp_path)
    clip = next(iter(clips_of(copy)))
    assert_corners(simplejpeg.decode_jpeg(clip.frames[0], colorspace="RGB"), "rgbw")


def test_the_copy_has_square_pixels_and_at_most_720_lines(tmp_path: Path) -> None:
    original = videos.make(
        tmp_path / "a.mp4",
        [0, 1 / 15],
        size=(1440, 1080),
        aspect=Fraction(4, 3),
        codec="mpeg4",
        container=FAST,
    )
    _, copy = playable(original, tmp_path)
    with open_video(copy) as video:
        assert (video.info.width, video.info.height) == (1280, 720)


def test_it_stops_when_told(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    path = videos.make(tmp_path / "a.mkv", videos.every(15, 24))
    for how in ("remux", "transcode"):
        with path.open("rb") as readable, pytest.raises(Stop):
            make_playable(readable, tmp_path / "b.mp4", how, LIMITS, stop)  # type: ignore[arg-type]


def test_what_cannot_be_decoded_has_no_copy(tmp_path: Path) -> None:
    with pytest.raises(BadVideo):
        make_playable(
            io.BytesIO(b"text" * 99), tmp_path / "b.mp4", "transcode", LIMITS, lambda: None
        )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\0\0\0\x08free\0\0\0\x10moov" + bytes(8), [b"free", b"moov"]),
        (b"\0\0\0\x01mdat" + (16).to_bytes(8) + b"\0\0\0\x08moov", [b"mdat", b"moov"]),
        (b"\0\0\0\0mdat" + bytes(30), [b"mdat"]),
        (b"\0\0\0\x03moov", []),
        (b"RIFF....AVI LIST", [b"...."]),
    ],
)
def test_boxes_are_read_as_far_as_they_make_sense(content: bytes, expected: list[bytes]) -> None:
    found = list(boxes(io.BytesIO(content)))
    assert [box.kind for box in found][: len(expected)] == expected
