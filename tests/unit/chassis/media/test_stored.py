"""Whoever shows a moment of a stored video shows what was analysed, to a frame."""

import io
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import pytest

from services.chassis.media.jpeg import of_rgb
from services.chassis.media.limits import MediaLimits
from services.chassis.media.shape import Picture
from services.chassis.media.stored import ClockRecord, clock_key, open_stored, playable_key
from services.chassis.media.timeline import Timeline
from services.chassis.media.video import open_video
from services.chassis.storage.objects import MemoryObjects
from services.ingest.clips import clips_of
from services.ingest.playable import examine, remedy
from services.ingest.transcode import make_playable
from tests.unit.ingest import videos

KEY = f"videos/{UUID(int=1)}/original"
RATE = 15


def spliced(folder: Path, *parts: tuple[float, int, int]) -> Path:
    """MPEG-TS files joined end to end; each begins at a time of its own and shows other numbers."""
    whole = folder / "whole.ts"
    with whole.open("wb") as joined:
        for begins_s, first, count in parts:
            part = videos.make(
                folder / f"{first}.ts",
                [begins_s + n / RATE for n in range(count)],
                paint=lambda width, height, n, first=first: videos.flat(width, height, first + n),
                options={"g": "5", "bf": "0"},
            )
            joined.write(part.read_bytes())
    return whole


def late(folder: Path) -> Path:
    """The picture begins 3 s after the sound."""
    return videos.make(
        folder / "late.mp4",
        [3 + n / RATE for n in range(30)],
        sound=True,
        container={"movflags": "faststart"},
    )


def leaping(folder: Path) -> Path:
    times = [n / RATE for n in range(15)] + [600 + n / RATE for n in range(15)]
    return videos.make(folder / "leap.mkv", times, options={"g": "5"})


def cover_first(folder: Path) -> Path:
    """A still as stream 0 of an MP4, marked as a cover."""
    footage = videos.make(folder / "plain.mp4", videos.every(RATE, 30))
    path = folder / "cover.mp4"
    with av.open(str(footage)) as source, av.open(str(path), "w") as output:
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        twin = output.add_stream_from_template(source.streams.video[0])
        still = av.VideoFrame.from_ndarray(videos.quadrants(320, 240, 0), "rgb24")
        for packet in chain(cover.encode(still.reformat(format="yuvj420p")), cover.encode()):
            output.mux(packet)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = twin
                output.mux(packet)
    return path


MAKERS: dict[str, Any] = {
    "a clock that begins anew": lambda folder: spliced(folder, (20, 0, 15), (2, 15, 15)),
    "clocks that overlap": lambda folder: spliced(folder, (20, 0, 15), (20, 15, 15)),
    "a clock that leaps ahead": lambda folder: spliced(folder, (2, 0, 15), (3600, 15, 15)),
    "three recordings": lambda f: spliced(f, (50, 0, 10), (20, 10, 10), (1, 20, 10)),
    "a leap inside of one file": leaping,
    "a picture that begins late": late,
    "cover art first": cover_first,
    "B-frames in an AVI": lambda folder: videos.make(
        folder / "a.avi", videos.every(RATE, 30), options={"bf": "3"}
    ),
    "a bare stream": lambda folder: videos.make(
        folder / "a.h264", videos.every(25, 30), options={"bf": "0"}
    ),
    "a telephone on its side": lambda folder: videos.make(
        folder / "a.mp4", videos.every(RATE, 30), turn=90
    ),
}


@pytest.fixture(params=MAKERS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made: Path = MAKERS[request.param](tmp_path)
    return made


def analysed(path: Path) -> list[tuple[float, int]]:
    """When each sample is shown, and which frame it shows."""
    return [
        (clip.start_s + k / clip.spec.frame_rate, videos.number_of(jpeg))
        for clip in clips_of(path)
        for k, jpeg in enumerate(clip.frames)
    ]


def stored(path: Path) -> MemoryObjects:
    store = MemoryObjects()
    store.put_file(KEY, path, "video/mp4")
    return store


def finished(path: Path, folder: Path) -> MemoryObjects:
    """As ingest leaves a video: its clock, and its copy where one is needed."""
    store, limits = stored(path), MediaLimits()
    with open_video(path) as video:
        timeline = Timeline(video.step_s)
        for frame in video.frames():
            timeline.place(frame)
    with path.open("rb") as readable:
        how = remedy(examine(readable, limits), timeline.splices)
        ClockRecord(timeline.splices, 0.0, how != "none").save(store, KEY)
        if how != "none":
            make_playable(readable, folder / "copy.mp4", how, limits, lambda: None)
            store.put_file(playable_key(KEY), folder / "copy.mp4", "video/mp4")
    return store


def shown(store: MemoryObjects, key: str, at_s: float) -> int:
    with open_stored(store, key) as recording:
        return number_in(recording.at(at_s))


def number_in(picture: Picture) -> int:
    return videos.number_of(of_rgb(picture).content)


@pytest.mark.parametrize("when", ["while it is analysed", "afterwards"])
def test_every_sample_is_what_is_shown_at_its_second(path: Path, tmp_path: Path, when: str) -> None:
    store = finished(path, tmp_path) if when == "afterwards" else stored(path)
    for at_s, number in analysed(path)[::4]:
        assert shown(store, KEY, at_s) == number, at_s


def test_the_player_shows_the_same_at_the_same_second(path: Path, tmp_path: Path) -> None:
    store = finished(path, tmp_path)
    record = ClockRecord.load(store, KEY)
    assert record is not None
    key = playable_key(KEY) if record.has_copy else KEY
    with av.open(io.BytesIO(store.get(key))) as container:
        frames = [(frame.time, frame) for frame in container.decode(video=0)]
        assert frames[0][0] == 0
    for at_s, number in analysed(path)[::4]:
        latest = [frame for time_s, frame in frames if time_s <= at_s + 0.01][-1]
        assert number_in(latest.to_ndarray(format="rgb24")) == number


def test_without_a_copy_a_spliced_video_is_gone_through_from_its_start(tmp_path: Path) -> None:
    path = spliced(tmp_path, (20, 0, 15), (2, 15, 15))
    store = finished(path, tmp_path)
    store.delete(playable_key(KEY))
    for at_s, number in analysed(path)[::4]:
        assert shown(store, KEY, at_s) == number


def test_a_record_stands_beside_its_video() -> None:
    store = MemoryObjects()
    assert ClockRecord.load(store, KEY) is None
    ClockRecord(2, 8.5, True).save(store, KEY)
    assert ClockRecord.load(store, KEY) == ClockRecord(2, 8.5, True)
    assert clock_key(KEY).rpartition("/")[0] == KEY.rpartition("/")[0]
