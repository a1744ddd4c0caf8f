"""A drop folder: every whole file once, at the time it was recorded, and nothing is touched."""

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import Topic
from services.chassis.addresses import AddressFault, AddressPolicy, parse
from services.chassis.clock import ManualClock
from services.chassis.media.video import open_video
from services.ingest.folders.dropped import SETTLED_S, DropFolder
from services.ingest.folders.footage import span_of
from services.ingest.folders.reading import FolderReading
from services.ingest.sources.port import SourceLost
from services.ingest.sources.probe import probe
from tests.builders import ORIGIN, SOURCE

RATE = 15
NOON = ORIGIN + timedelta(hours=12)
HOP_S = 16 / 15


class Outlet:
    def __init__(self) -> None:
        self.clips: list[ClipRecorded] = []

    def put(self, topic: Topic, message: Message) -> None:
        assert isinstance(message, ClipRecorded)
        self.clips.append(message)


class Recorder:
    """A folder, a recorder that writes into it, and what reads it."""

    def __init__(self, path: Path) -> None:
        self.exports, self.journal = path / "exports", path / "journal.txt"
        self.exports.mkdir(exist_ok=True)
        self.clock, self.outlet, self.room = ManualClock(NOON), Outlet(), True
        self.settings = CameraSettings()
        self.start()

    def start(self) -> None:
        source = SourceConfigured(
            source_id=SOURCE,
            source_kind="camera",
            name="door",
            origin_at=ORIGIN,
            address=f"folder://{self.exports}",
            camera=self.settings,
            configured_at=NOON,
        )
        folder = DropFolder(self.exports, self.journal)
        self.reading = FolderReading(
            source, folder, self.outlet, self.clock, has_room=lambda: self.room
        )

    def export(
        self, name: str, began_at: datetime, seconds: float = 4, said: datetime | None = None
    ) -> Path:
        """A file that was finished as its footage ended."""
        path = self.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w", format="mp4") as container:
            if said is not None:
                container.metadata["creation_time"] = said.isoformat()
            stream = container.add_stream("libx264", rate=RATE)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(round(seconds * RATE)):
                picture = np.full((48, 64, 3), 60 + number % 100, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        ended = (began_at + timedelta(seconds=seconds)).timestamp()
        os.utime(path, (ended, ended))
        return path

    def look(self) -> list[ClipRecorded]:
        """What comes of the folder once it has settled."""
        before = len(self.outlet.clips)
        self.reading.look()
        self.clock.wait(SETTLED_S, self.reading.stopped)
        self.reading.look()
        return self.outlet.clips[before:]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def spans(clips: list[ClipRecorded]) -> list[tuple[float, float]]:
    """Seconds after noon."""
    day_s = (NOON - ORIGIN).total_seconds()
    return [(round(one.start_s - day_s, 3), round(one.end_s - day_s, 3)) for one in clips]


def test_footage_lies_where_it_was_recorded_and_is_late(recorder: Recorder) -> None:
    recorder.export("door.mp4", NOON - timedelta(hours=3), 6)
    clips = recorder.look()
    assert len(clips) >= 4
    assert all(one.is_late and one.source_id == SOURCE for one in clips)
    assert [one.index for one in clips] == list(range(clips[0].index, clips[-1].index + 1))
    start_s, _ = spans(clips)[0]
    assert -3 * 3600 <= start_s < -3 * 3600 + HOP_S
    assert all(one.start_s == one.grid.start_s(one.index) for one in clips)


def test_files_that_follow_upon_one_another_are_cut_as_if_they_were_one(recorder: Recorder) -> None:
    for number in range(3):
        recorder.export(f"{number}.mp4", NOON + timedelta(seconds=4 * number), 4)
    clips = recorder.look()
    assert [one.index for one in clips] == list(range(clips[0].index, clips[-1].index + 1))
    assert all(one.frame_count == 16 for one in clips[:-1]), "no short one in between"


def test_a_file_that_follows_a_minute_later_goes_on_where_the_one_before_stopped(
    recorder: Recorder,
) -> None:
    recorder.export("a.mp4", NOON, 4)
    first = recorder.look()
    recorder.clock.wait(60, recorder.reading.stopped)
    recorder.export("b.mp4", NOON + timedelta(seconds=4), 4)
    second = recorder.look()
    assert second[0].index == first[-1].index + 1
    assert second[0].frame_count == 16
    recorder.clock.wait(200, recorder.reading.stopped)
    (last,) = recorder.look()
    assert last.frame_count < 16


def test_a_gap_between_files_is_a_gap(recorder: Recorder) -> None:
    recorder.export("a.mp4", NOON, 4)
    recorder.export("b.mp4", NOON + timedelta(seconds=60), 4)
    starts = [start_s for start_s, _ in spans(recorder.look())]
    assert max(later - one for one, later in pairwise(starts)) > 50


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        (NOON - timedelta(days=7), NOON - timedelta(days=7)),
        (datetime(1990, 1, 1, tzinfo=UTC), NOON),
        (NOON + timedelta(days=400), NOON),
    ],
)
def test_a_file_is_believed_when_what_it_says_can_be(
    recorder: Recorder, said: datetime, begins: datetime
) -> None:
    recorder.reading.stopped.set()
    path = recorder.export("door.mp4", NOON, 4, said)
    with av.open(str(path)) as container:
        assert "creation_time" in container.metadata
    with open_video(path) as video:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        span = span_of(video, modified)
    assert abs((span.began_at - begins).total_seconds()) < 0.2


def test_a_file_is_taken_once_also_after_a_restart_and_left_as_it_is(recorder: Recorder) -> None:
    path = recorder.export("2026/11/door.mp4", NOON)
    before = path.stat(), path.read_bytes()
    assert recorder.look()
    recorder.start()
    assert recorder.look() == []
    assert (path.stat().st_mtime_ns, path.read_bytes()) == (before[0].st_mtime_ns, before[1])


def test_a_file_that_was_begun_when_the_process_died_gives_the_same_clips(
    recorder: Recorder,
) -> None:
    recorder.export("door.mp4", NOON, 8)
    recorder.reading.look()
    recorder.clock.wait(SETTLED_S, recorder.reading.stopped)
    recorder.room = False
    recorder.reading.stopped.set()
    recorder.reading.look()
    begun = list(recorder.outlet.clips)
    assert 0 < len(begun) < 7
    recorder.room = True
    recorder.start()
    again = recorder.look()
    assert [one.clip_id for one in again[: len(begun)]] == [one.clip_id for one in begun]
    assert len(again) > len(begun)


def test_a_file_that_is_still_written_is_waited_for(recorder: Recorder) -> None:
    path = recorder.export("door.mp4", NOON)
    whole = path.read_bytes()
    for size in range(1000, len(whole), 1000):
        path.write_bytes(whole[:size])
        recorder.reading.look()
        recorder.clock.wait(SETTLED_S - 1, recorder.reading.stopped)
    assert recorder.outlet.clips == []
    path.write_bytes(whole)
    assert recorder.look()


def test_what_is_no_video_stops_nothing_and_is_not_tried_again(recorder: Recorder) -> None:
    (recorder.exports / "notes.txt").write_text("nothing to see")
    (recorder.exports / "empty.mp4").write_bytes(b"")
    (recorder.exports / "door.mp4.part").write_bytes(b"half")
    (recorder.exports / ".hidden").write_bytes(b"half")
    (recorder.exports / "out").symlink_to("/etc")
    recorder.export("door.mp4", NOON)
    assert recorder.look()
    assert [line.split()[-1] for line in recorder.journal.read_text().splitlines()] == [
        "door.mp4",
        "notes.txt",
    ]


def test_a_folder_that_is_away_is_waited_for(recorder: Recorder) -> None:
    hidden = recorder.exports.rename(recorder.exports.with_name("away"))
    recorder.reading.look()
    hidden.rename(recorder.exports)
    recorder.export("door.mp4", NOON)
    assert recorder.look()


def test_a_folder_that_may_not_be_watched_is_not_looked_at(recorder: Recorder) -> None:
    def refuse() -> None:
        raise AddressFault("The folder is not below one of NIGHTCLERK_CAMERA_FOLDERS.")

    recorder.export("door.mp4", NOON)
    folder = DropFolder(recorder.exports, recorder.journal, refuse)
    with pytest.raises(AddressFault):
        folder.settled(0.0)


def test_what_was_recorded_before_the_camera_was_there_is_left_out(recorder: Recorder) -> None:
    recorder.export("old.mp4", ORIGIN - timedelta(seconds=2), 6)
    clips = recorder.look()
    assert clips
    assert clips[0].index == 0


def test_masks_are_black_in_what_is_cut(recorder: Recorder) -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    recorder.settings = CameraSettings(masks=(left,))
    recorder.start()
    recorder.export("door.mp4", NOON)
    first = recorder.look()[0]
    shown = simplejpeg.decode_jpeg(first.frames[0], colorspace="GRAY")[:, :, 0]
    assert shown[:, : first.width // 2 - 16].mean() < 8
    assert shown[:, first.width // 2 + 16 :].mean() > 40


def test_the_journal_forgets_what_lies_there_no_more(recorder: Recorder) -> None:
    path = recorder.export("door.mp4", NOON)
    recorder.look()
    folder = DropFolder(recorder.exports, recorder.journal)
    folder.prune()
    assert recorder.journal.read_text() != ""
    path.unlink()
    folder.prune()
    assert recorder.journal.read_text() == ""


def test_a_folder_is_tried_by_its_latest_video(recorder: Recorder) -> None:
    folder = parse(f"folder://{recorder.exports}")[0]
    policy = AddressPolicy(folders=(recorder.exports.parent,))
    with pytest.raises(SourceLost, match="nothing is in it yet"):
        probe(folder, policy=policy)
    (recorder.exports / "notes.txt").write_text("nothing to see")
    with pytest.raises(SourceLost, match="no file with a video"):
        probe(folder, policy=policy)
    recorder.export("door.mp4", NOON)
    found = probe(folder, policy=policy)
    assert (found.codec, found.width, found.height) == ("h264", 64, 48)
    assert found.frame_rate == pytest.approx(RATE, abs=1)
    recorder.exports.rename(recorder.exports.with_name("away"))
    with pytest.raises(SourceLost, match="cannot be read"):
        probe(folder, policy=policy)
    assert not recorder.journal.exists()
