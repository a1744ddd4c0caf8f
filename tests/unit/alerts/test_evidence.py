"""Evidence in the object store, and what happens when there can be none."""

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg

from schemas.alerts import AlertClosed
from services.alerts.core.spans import Made, Span
from services.alerts.evidence import EvidenceRoom
from services.alerts.picture import caption, snapshot
from services.alerts.video import open_clip
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from tests.unit.alerts.room import alert, read_time, store_with, video

STOP = threading.Event()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("video") / "video.mp4")


class FlakyObjects(MemoryObjects):
    """A store that is away for the first `outages` reads."""

    def __init__(self, outages: int) -> None:
        super().__init__()
        self.outages = outages

    def read_range(self, key: str, start: int, length: int) -> bytes:
        if self.outages > 0:
            self.outages -= 1
            raise TransientError("nobody there")
        return super().read_range(key, start, length)


def room_of(store: MemoryObjects) -> EvidenceRoom:
    return EvidenceRoom(store, ManualClock())


def picture_in(store: MemoryObjects, made: Made) -> Any:
    assert made.snapshot_key
    return simplejpeg.decode_jpeg(store.get(made.snapshot_key))


def seconds_in(store: MemoryObjects, made: Made) -> tuple[float, float]:
    """What the first and the last frame of the cut say."""
    assert made.evidence_key
    with open_clip(io.BytesIO(store.get(made.evidence_key))) as clip:
        return read_time(clip.at(0.0)), read_time(clip.at(999.0))


def test_an_opened_alert_gets_a_picture_of_its_peak_and_a_cut(content: bytes) -> None:
    store = store_with(content)
    told = alert(start_s=8.0, end_s=9.0, peak_s=8.5)
    made = room_of(store).make(told, None, STOP)
    assert made == Made(
        Span(3.0, 14.0),
        8.5,
        f"alerts/{told.alert_id}/snapshot.jpg",
        f"alerts/{told.alert_id}/evidence.mp4",
    )
    assert read_time(picture_in(store, made)) == pytest.approx(8.5, abs=0.3)
    assert seconds_in(store, made) == pytest.approx((3.0, 13.96), abs=0.3)


def test_when_the_episode_is_over_it_is_cut_again_whole(content: bytes) -> None:
    store = store_with(content)
    made = room_of(store).make(alert(), None, STOP)
    over = alert(AlertClosed, end_s=12.0, peak_s=10.0)
    made = room_of(store).make(over, made, STOP)
    assert made.span == Span(0.0, 17.0)
    assert read_time(picture_in(store, made)) == pytest.approx(10.0, abs=0.3)
    assert seconds_in(store, made) == pytest.approx((0.0, 16.96), abs=0.3)


def test_a_replay_makes_nothing_again(content: bytes) -> None:
    store = store_with(content)
    made = room_of(store).make(alert(AlertClosed, end_s=12.0), None, STOP)
    store.delete("videos/" + str(alert().source_id) + "/original")
    assert room_of(store).make(alert(), made, STOP) == made


def test_a_video_that_is_gone_is_said_in_words() -> None:
    made = room_of(MemoryObjects()).make(alert(), None, STOP)
    assert (made.snapshot_key, made.evidence_key) == (None, None)
    assert made.note == "the video is gone"


def test_a_video_that_cannot_be_read_is_said_in_words() -> None:
    made = room_of(store_with(b"not a video at all" * 50)).make(alert(), None, STOP)
    assert "cannot be used" in made.note


def test_a_short_outage_of_the_store_is_waited_out(content: bytes) -> None:
    store = FlakyObjects(outages=2)
    store.put(f"videos/{alert().source_id}/original", io.BytesIO(content), "video/mp4")
    made = room_of(store).make(alert(), None, STOP)
    assert made.snapshot_key
    assert made.evidence_key
    assert made.note == ""


def test_a_long_outage_does_not_stop_the_alert_and_is_mended_later(content: bytes) -> None:
    store = FlakyObjects(outages=1000)
    store.put(f"videos/{alert().source_id}/original", io.BytesIO(content), "video/mp4")
    made = room_of(store).make(alert(), None, STOP)
    assert made.note.startswith("the object store is away")
    store.outages = 0
    made = room_of(store).make(alert(AlertClosed), made, STOP)
    assert made.snapshot_key
    assert made.evidence_key
    assert made.note == ""


class SmallObjects(MemoryObjects):
    """A store that takes no files."""

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        raise TransientError("no room")


def test_a_picture_without_a_cut_still_counts(content: bytes) -> None:
    store = SmallObjects()
    store.put(f"videos/{alert().source_id}/original", io.BytesIO(content), "video/mp4")
    made = room_of(store).make(alert(), None, STOP)
    assert made.snapshot_key
    assert made.evidence_key is None
    assert made.note == "the object store is away (no room)"


def test_the_caption_says_label_score_and_time() -> None:
    assert caption(alert()) == "fight   0.94   0:05"
    assert caption(alert(label="격투")) == "??   0.94   0:05"


@pytest.mark.parametrize("shape", [(180, 320), (1, 1), (7, 3000), (2000, 30), (1080, 1920)])
def test_a_picture_of_any_size_can_be_annotated(shape: tuple[int, int]) -> None:
    white = np.full((*shape, 3), 255, np.uint8)
    decoded = simplejpeg.decode_jpeg(snapshot(white, alert()))
    assert max(decoded.shape) <= 1280
    assert decoded[-1].mean() < 128
    assert (white == 255).all()


def test_nothing_is_left_on_the_disk(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    room_of(store_with(content)).make(alert(), None, STOP)
    assert list(tmp_path.iterdir()) == []
