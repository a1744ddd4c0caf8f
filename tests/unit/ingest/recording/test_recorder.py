"""Recording: what came is in segments, once, and can be played from their first picture on."""

import errno
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.recording.folder import RecordedSegment, RecordingFolder
from services.ingest.recording.recorder import SEGMENT_S, Recorder
from services.ingest.recording.recovery import examine, recover
from services.ingest.recording.segment import SegmentFile
from tests.builders import SOURCE
from tests.footage import encoded, frames, play

START = datetime(2026, 1, 1, 23, 59, 50, tzinfo=UTC)
Times = Callable[[int], tuple[int | None, int | None]]


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    return RecordingFolder(tmp_path / "recordings")


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """35 seconds, a key frame every two."""
    return encoded(tmp_path_factory.mktemp("camera") / "camera.ts", range(35))


def recorded(folder: RecordingFolder) -> list[RecordedSegment]:
    return folder.unpublished(SOURCE)


def seen(segments: list[RecordedSegment], start: datetime) -> list[tuple[float, int]]:
    """All frames of all segments: when they were seen, and the second that they show."""
    return [
        ((segment.started_at - start).total_seconds() + at_s, second)
        for segment in segments
        for at_s, second in frames(segment.path)
    ]


def test_every_second_lies_in_exactly_one_segment(folder: RecordingFolder, camera: Path) -> None:
    end = play(Recorder(folder, SOURCE), camera, START)
    segments = recorded(folder)
    assert segments[0].started_at == START
    assert segments[-1].ended_at == pytest.approx(end, abs=timedelta(milliseconds=1))
    for before, after in pairwise(segments):
        assert before.ended_at == after.started_at
    shown = seen(segments, START)
    assert len(shown) == 35 * 5
    assert all(second == int(at_s + 0.01) for at_s, second in shown)


def test_segments_are_as_long_as_they_should(folder: RecordingFolder, camera: Path) -> None:
    play(Recorder(folder, SOURCE), camera, START)
    lengths = [(one.ended_at - one.started_at).total_seconds() for one in recorded(folder)]
    assert lengths == pytest.approx([SEGMENT_S, SEGMENT_S, SEGMENT_S, 5.0], abs=0.01)


def test_a_camera_whose_clock_runs_fast_makes_no_shorter_ones(
    folder: RecordingFolder, camera: Path
) -> None:
    """It stamps 25 % more than it delivers: recorders that follow it cut every 13 seconds."""
    fast: Times = lambda number: (number * 22_500, number * 22_500)  # noqa: E731
    play(Recorder(folder, SOURCE), camera, START, times=fast)
    assert len(recorded(folder)) == 4
    assert all(second == int(at_s + 0.01) for at_s, second in seen(recorded(folder), START))


@pytest.mark.parametrize(
    "times",
    [
        lambda _: (None, None),
        lambda number: (number % 17 * 18_000, number % 17 * 18_000),
        lambda _: (0, 0),
        lambda number: (10**12 - number * 18_000, 10**12 - number * 18_000),
    ],
    ids=["none", "restarting", "standing still", "backwards"],
)
def test_broken_timestamps_change_nothing(
    folder: RecordingFolder, camera: Path, times: Times
) -> None:
    play(Recorder(folder, SOURCE), camera, START, times=times)
    shown = seen(recorded(folder), START)
    assert len(recorded(folder)) == 4
    assert [second for _, second in shown] == [number // 5 for number in range(175)]


@pytest.mark.parametrize(
    ("codec", "name", "bframes"),
    [("libx264", "h264", 2), ("libx265", "hevc", 0), ("mjpeg", "mjpeg", 0)],
)
def test_any_camera_is_copied(
    folder: RecordingFolder, tmp_path: Path, codec: str, name: str, bframes: int
) -> None:
    suffix = "avi" if codec == "mjpeg" else "ts"
    source = encoded(tmp_path / f"camera.{suffix}", range(12), codec, bframes=bframes)
    play(Recorder(folder, SOURCE), source, START)
    segments = recorded(folder)
    assert len(segments) == 2
    for segment in segments:
        facts = examine(segment.path)
        assert facts is not None
        assert (facts.codec, facts.width, facts.height) == (name, 128, 96)
        with av.open(str(segment.path)) as container:
            assert [stream.type for stream in container.streams] == ["video"]
            assert next(container.demux(video=0)).is_keyframe
    assert {second for _, second in seen(segments, START)} == set(range(12))
    assert all(second == int(at_s + 0.01) for at_s, second in seen(segments, START))


def test_another_size_begins_another_segment(folder: RecordingFolder, tmp_path: Path) -> None:
    recorder = Recorder(folder, SOURCE)
    day = encoded(tmp_path / "day.ts", range(4))
    night = encoded(tmp_path / "night.ts", range(4, 8), size=(64, 48))
    play(recorder, night, play(recorder, day, START))
    facts = [examine(segment.path) for segment in recorded(folder)]
    assert [(one.width, one.height) for one in facts if one] == [(128, 96), (64, 48)]
    assert all(second == int(at_s + 0.01) for at_s, second in seen(recorded(folder), START))


def test_parameter_sets_that_change_unsaid_begin_another_segment(
    folder: RecordingFolder, tmp_path: Path
) -> None:
    """The stream goes on, as far as anybody said; its key frames say otherwise."""
    recorder = Recorder(folder, SOURCE)
    day = encoded(tmp_path / "day.ts", range(4))
    night = encoded(tmp_path / "night.ts", range(4, 8), bframes=2)
    with av.open(str(day)) as first, av.open(str(night)) as second:
        recorder.begin(first.streams.video[0])
        number = 0
        for container in (first, second):
            for packet in container.demux(video=0):
                if packet.size:
                    recorder.write(packet, START + timedelta(seconds=number / 5))
                    number += 1
        recorder.end()
    assert len(recorded(folder)) == 2
    seconds = [second for _, second in seen(recorded(folder), START)]
    assert sorted(seconds) == [number // 5 for number in range(40)]


def test_nothing_begins_without_a_key_frame(folder: RecordingFolder, camera: Path) -> None:
    recorder = Recorder(folder, SOURCE)
    with av.open(str(camera)) as container:
        recorder.begin(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            if packet.size and number:
                recorder.write(packet, START + timedelta(seconds=number / 5))
        recorder.end()
    assert recorded(folder)[0].started_at == START + timedelta(seconds=2)


KILLED = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import av
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder
from tests.builders import SOURCE
recorder = Recorder(RecordingFolder(Path(sys.argv[1])), SOURCE)
with av.open(sys.argv[2]) as container:
    recorder.begin(container.streams.video[0])
    for number, packet in enumerate(container.demux(video=0)):
        if number == 38:
            os.kill(os.getpid(), 9)
        recorder.write(packet, datetime(2026, 1, 1, 23, 59, 50, tzinfo=UTC)
                       + timedelta(seconds=number / 5))
"""


def test_a_torn_recording_is_kept_to_its_last_second(folder: RecordingFolder, camera: Path) -> None:
    """kill -9 in the middle of the eighth second."""
    command = [sys.executable, "-c", KILLED, str(folder.root), str(camera)]
    assert subprocess.run(command, check=False, cwd=Path.cwd()).returncode == -9
    assert recorded(folder) == []
    recover(folder, SOURCE)
    (segment,) = recorded(folder)
    assert timedelta(seconds=6.5) < segment.ended_at - segment.started_at < timedelta(seconds=7.7)
    assert {second for _, second in seen([segment], START)} >= set(range(7))


def test_what_is_still_written_is_left_alone_and_readable(
    folder: RecordingFolder, camera: Path
) -> None:
    recorder = Recorder(folder, SOURCE)
    with av.open(str(camera)) as container:
        recorder.begin(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            if number == 40:
                break
            recorder.write(packet, START + timedelta(seconds=number / 5))
        recover(folder, SOURCE)
        ((started_at, path),) = folder.being_written(SOURCE)
        assert started_at == START
        assert {second for _, second in frames(path)} >= set(range(7))
        recorder.end()
    assert len(recorded(folder)) == 1


def test_a_torn_file_without_a_picture_is_removed(folder: RecordingFolder) -> None:
    path = folder.open_path(SOURCE, START)
    path.write_bytes(b"\0\0\0\x18ftypiso5")
    recover(folder, SOURCE)
    assert not path.exists()
    assert recorded(folder) == []


class FullDisk(SegmentFile):
    """A file that takes so many bytes, and no more."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path)
        self._most = most

    def write(self, content: bytes) -> int:
        self._most -= len(content)
        if self._most < 0:
            super().write(content[: self._most])
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def test_a_full_disk_costs_the_recording_alone(folder: RecordingFolder, camera: Path) -> None:
    """What fitted is kept; once there is room again, recording goes on."""
    sizes = iter([3_000])
    recorder = Recorder(folder, SOURCE, open_file=lambda path: FullDisk(path, next(sizes, 10**9)))
    play(recorder, camera, START)
    recover(folder, SOURCE)
    segments = recorded(folder)
    assert segments[0].started_at == START
    assert timedelta(0) < segments[0].ended_at - START < timedelta(seconds=SEGMENT_S)
    assert START + timedelta(seconds=5) < segments[1].started_at < START + timedelta(seconds=20)
    assert segments[-1].ended_at == START + timedelta(seconds=35)
    assert all(second == int(at_s + 0.01) for at_s, second in seen(segments, START))


def test_a_disk_without_room_is_not_written_to(folder: RecordingFolder, camera: Path) -> None:
    room = iter([False, False])
    play(Recorder(folder, SOURCE, lambda: next(room, True)), camera, START)
    assert recorded(folder)[0].started_at >= START + timedelta(seconds=10)


def test_a_recording_that_fails_says_why_until_it_does_not(
    folder: RecordingFolder, camera: Path
) -> None:
    room, failures = iter([False, False]), set()
    recorder = Recorder(folder, SOURCE, lambda: next(room, True))
    with av.open(str(camera)) as container:
        recorder.begin(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            recorder.write(packet, START + timedelta(seconds=number / 5))
            failures.add(recorder.failure)
    assert failures == {"", "the disk is as full as it may become"}
    assert recorder.failure == ""
    recorder.end()


def test_a_source_that_is_removed_meanwhile_leaves_nothing(
    folder: RecordingFolder, camera: Path
) -> None:
    recorder = Recorder(folder, SOURCE)
    with av.open(str(camera)) as container:
        recorder.begin(container.streams.video[0])
        recorder.write(next(container.demux(video=0)), START)
        folder.remove(SOURCE)
        recorder.end()
    assert recorded(folder) == []
    assert folder.sources() == []


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.floats(0, 3), min_size=175, max_size=175))
def test_whatever_the_network_does_no_packet_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, camera: Path, waits: list[float]
) -> None:
    folder = RecordingFolder(tmp_path_factory.mktemp("law"))
    recorder = Recorder(folder, SOURCE)
    moment = START
    with av.open(str(camera)) as container:
        recorder.begin(container.streams.video[0])
        for packet, wait in zip(container.demux(video=0), waits, strict=False):
            recorder.write(packet, moment)
            moment += timedelta(seconds=wait)
        recorder.end()
    segments = recorded(folder)
    assert [second for _, second in seen(segments, START)] == [n // 5 for n in range(175)]
    for before, after in pairwise(segments):
        assert before.ended_at == after.started_at
