"""Segments become one file in which every second shows that second."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.segments import (
    StoredSegment,
    covered_until,
    picture_at,
    segments_between,
)
from services.chassis.media.splicing import Spliced, Start, Stretch, splice
from services.chassis.storage.objects import MemoryObjects
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder
from tests.builders import SOURCE, source
from tests.footage import encoded, frames, play, second_of, shown_at

START = datetime(2026, 1, 1, 11, 59, 50, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Store(MemoryObjects):
    """A store that holds what cameras recorded."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = RecordingFolder(folder / "disk")
        self._recorder = Recorder(self._folder, SOURCE)

    def record(self, camera: Path, at_s: float = 0.0) -> None:
        play(self._recorder, camera, moment(at_s))
        for segment in self._folder.unpublished(SOURCE):
            self.put_file(segment.object_key, segment.path, "video/mp4")

    def between(self, since: float, until: float) -> list[StoredSegment]:
        return segments_between(self, SOURCE, moment(since), moment(until))

    def splice(self, since: float, until: float, path: Path, start: Start = "exact") -> Spliced:
        stretch = Stretch(moment(since), moment(until), start)
        return splice(self, self.between(since, until), stretch, path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.mp4"


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("camera") / "camera.ts", range(35))


def test_the_segments_of_a_stretch_are_found_across_an_hour(store: Store, camera: Path) -> None:
    store.record(camera)
    assert len(store.between(0, 35)) == 4
    assert [one.started_at for one in store.between(12, 21)] == [moment(10), moment(20)]
    assert [one.started_at for one in store.between(3, 4)] == [moment(0)]
    assert store.between(-20, -10) == []
    assert segments_between(store, source(7), moment(0), moment(35)) == []


@pytest.mark.parametrize("since", [0.0, 3.0, 7.4, 9.8, 10.0, 12.6])
def test_every_second_of_the_file_shows_that_second(
    store: Store, camera: Path, out: Path, since: float
) -> None:
    store.record(camera)
    spliced = store.splice(since, 34, out)
    assert spliced == Spliced(moment(since), moment(34), is_copy=True)
    for second in range(0, 34 - int(since) - 1):
        assert shown_at(out, second) == int(since + second + 1e-6)


def test_a_file_may_begin_at_the_key_frame_before(store: Store, camera: Path, out: Path) -> None:
    """Without an edit list: its first picture is its zero in every player."""
    store.record(camera)
    spliced = store.splice(13.4, 20, out, "key_frame")
    assert spliced.started_at == moment(12)
    times = list(frames(out))
    assert times[0] == (0.0, 12)
    assert all(second == 12 + int(at_s + 0.01) for at_s, second in times)


def test_the_index_lies_in_front_and_there_is_no_sound(
    store: Store, tmp_path: Path, out: Path
) -> None:
    store.record(encoded(tmp_path / "camera.ts", range(12), sound=True))
    store.splice(0, 12, out)
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"moof" not in content
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize("codec", ["libx265", "mjpeg"])
def test_what_browsers_do_not_play_is_encoded(
    store: Store, tmp_path: Path, out: Path, codec: str
) -> None:
    suffix = "avi" if codec == "mjpeg" else "ts"
    store.record(encoded(tmp_path / f"camera.{suffix}", range(14), codec))
    spliced = store.splice(3.0, 13.0, out)
    assert (spliced.started_at, spliced.is_copy) == (moment(3.0), False)
    with av.open(str(out)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    assert [shown_at(out, second) for second in range(9)] == list(range(3, 12))


def test_a_size_that_changes_is_survived(store: Store, tmp_path: Path, out: Path) -> None:
    store.record(encoded(tmp_path / "day.ts", range(4)))
    store.record(encoded(tmp_path / "night.ts", range(4, 8), size=(64, 48)), 4)
    spliced = store.splice(0, 8, out)
    assert not spliced.is_copy
    assert [shown_at(out, second + 0.5) for second in range(7)] == list(range(7))


def test_reordered_pictures_stay_in_order(store: Store, tmp_path: Path, out: Path) -> None:
    store.record(encoded(tmp_path / "camera.ts", range(12), bframes=2))
    store.splice(3.0, 12, out)
    seconds = [second for _, second in frames(out)]
    assert seconds == sorted(seconds)


def test_a_gap_is_the_last_picture_held(store: Store, tmp_path: Path, out: Path) -> None:
    """The time of the file stays the camera's."""
    store.record(encoded(tmp_path / "before.ts", range(4)))
    store.record(encoded(tmp_path / "after.ts", range(20, 24)), 20)
    store.splice(0, 24, out)
    assert [shown_at(out, at) for at in (1.1, 10.0, 19.0, 20.1, 22.1)] == [1, 3, 3, 20, 22]


def test_what_lies_before_the_first_picture_is_left_out(
    store: Store, camera: Path, out: Path
) -> None:
    store.record(camera)
    assert store.splice(-30, 10, out).started_at == moment(0)
    assert shown_at(out, 4.1) == 4


def test_two_workers_that_recorded_the_same_make_no_mess(
    store: Store, tmp_path: Path, camera: Path, out: Path
) -> None:
    store.record(encoded(tmp_path / "other.ts", range(5, 13)), 5)
    store.record(camera)
    store.splice(0, 34, out)
    assert [shown_at(out, second + 0.1) for second in range(33)] == list(range(33))


def test_a_segment_that_cannot_be_read_is_a_gap(store: Store, camera: Path, out: Path) -> None:
    store.record(camera)
    broken = store.between(10, 11)[0]
    store._objects[broken.key] = (b"no video at all" * 100, "video/mp4")
    store.splice(0, 34, out)
    assert [shown_at(out, at) for at in (5.1, 15.1, 25.1)] == [5, 9, 25]


def test_no_picture_is_said(store: Store, out: Path) -> None:
    with pytest.raises(VideoUnreadable, match="no picture of that time"):
        store.splice(100, 110, out)


@pytest.mark.parametrize("at_s", [0.0, 4.1, 9.9, 17.3, 34.9, 99.0])
def test_the_picture_of_a_moment(store: Store, camera: Path, at_s: float) -> None:
    store.record(camera)
    picture = picture_at(store, store.between(at_s - 5, at_s + 1), moment(at_s))
    assert picture is not None
    assert second_of(picture) == min(int(at_s), 34)


def test_where_a_segment_ends_it_says_itself(store: Store, camera: Path) -> None:
    store.record(camera)
    last = store.between(30, 35)[0]
    assert covered_until(store, last) == pytest.approx(moment(35), abs=timedelta(milliseconds=1))
