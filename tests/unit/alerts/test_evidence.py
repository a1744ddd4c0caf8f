"""Evidence that is due: made beside the messages, again after failures, and never for ever."""

import io
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import simplejpeg
from sqlalchemy import Engine

from schemas.alerts import AlertClosed, AlertUpdated
from schemas.ids import (
    evidence_key,
    evidence_prefix,
    hidden_snapshot_key,
    hold_key,
    snapshot_key,
)
from schemas.keeping import HeldStretch, KeepingConfigured
from services.alerts.core.spans import Evidence, Span
from services.alerts.evidence import EvidenceWorker, Making, give_way
from services.alerts.evidence_queue import EvidenceTask
from services.alerts.footage import FootageLate, FootageUnusable, PaintedFootage, UploadedObject
from services.alerts.holds import HeldStretches
from services.alerts.pack.sealing import Sealing
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from tests.builders import source
from tests.unit.alerts.room import KEY, NOON, Station, alert, read_time, store_with, video

NEVER = threading.Event()


@dataclass
class EvidenceCase:
    """A station with one evidence worker."""

    station: Station
    footage: Any = field(default_factory=PaintedFootage)
    settled: list[EvidenceTask] = field(default_factory=list)
    held: HeldStretches = field(default_factory=HeldStretches)

    def __post_init__(self) -> None:
        station = self.station
        shared = Making(
            station.queue,
            {"upload": self.footage},
            station.store,
            station.watch,
            station.clock,
            Sealing(station.store, KEY, station.clock),
            station.people,
            self.held,
        )
        self.worker = EvidenceWorker(shared, self.settled.append)

    def wants(self, about: Any) -> bool:
        return self.station.queue.want(about, "door 2", self.station.now)

    def work_until_idle(self) -> None:
        for _ in range(1000):
            pause_s = self.worker.turn()
            if self.station.queue.next_due() is None:
                return
            self.station.clock.wait(pause_s, NEVER)
        pytest.fail("the worker never rests")

    def present(self, about: Any) -> Evidence:
        found = self.station.queue.present(about.alert_id)
        assert found is not None
        return found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def case(engine: Engine) -> EvidenceCase:
    return EvidenceCase(Station(engine))


def test_an_alert_gets_its_picture_first_and_then_its_video(case: EvidenceCase) -> None:
    case.wants(alert())
    case.worker.turn()
    assert case.present(alert()) == Evidence(5.0, None)
    assert [task.alert for task in case.settled] == [alert()]
    case.work_until_idle()
    assert case.present(alert()) == Evidence(5.0, Span(0.0, 11.0))
    store = case.station.store
    assert store.get(evidence_key(alert().alert_id)) == b"0 to 11"
    assert store.stat(snapshot_key(alert().alert_id)).content_type == "image/jpeg"


def test_every_picture_comes_before_any_video(case: EvidenceCase) -> None:
    for number in range(5):
        case.wants(alert(source_id=source(number)))
    for _ in range(5):
        case.worker.turn()
    keys = [item.key for item in case.station.store.list("alerts/")]
    keys = [key for key in keys if key.endswith((".jpg", ".mp4"))]
    assert len(keys) == 5
    assert all(key.endswith("snapshot.jpg") for key in keys)


def test_once_it_is_over_it_is_cut_again_whole(case: EvidenceCase) -> None:
    case.wants(alert())
    case.work_until_idle()
    assert case.wants(alert(AlertClosed, end_s=12.0, peak_s=10.0))
    case.work_until_idle()
    assert case.present(alert()) == Evidence(10.0, Span(0.0, 17.0))


@pytest.mark.parametrize("times", [1, 5])
def test_a_replay_makes_nothing_again(case: EvidenceCase, times: int) -> None:
    life = [alert(), alert(AlertUpdated, end_s=7.0), alert(AlertClosed, end_s=12.0)]
    for about in life:
        case.wants(about)
        case.work_until_idle()
    opened = len(case.footage.opened)
    for _ in range(times):
        assert [case.wants(about) for about in life] == [False, False, False]
        case.work_until_idle()
    assert len(case.footage.opened) == opened


def test_an_alert_that_grows_while_it_is_made_is_made_again(case: EvidenceCase) -> None:
    case.wants(alert())
    task = case.station.queue.claim(case.station.now)
    assert task is not None
    assert case.wants(alert(AlertClosed, end_s=12.0, peak_s=10.0))
    assert case.station.queue.claim(case.station.now) is None
    now = case.station.now
    case.station.queue.close(task, Evidence(5.0, Span(0, 11)), "done", None, now)
    case.work_until_idle()
    assert case.present(alert()) == Evidence(10.0, Span(0.0, 17.0))


def test_footage_that_is_gone_is_said_in_words_once(case: EvidenceCase) -> None:
    case.footage.failures = [FootageUnusable("the video is gone")]
    case.wants(alert())
    case.work_until_idle()
    assert case.present(alert()) == Evidence(note="the video is gone")
    assert len(case.settled) == 1


@pytest.mark.parametrize("failure", [TransientError("nobody there"), FootageLate("not closed")])
def test_what_fails_for_now_is_tried_again(case: EvidenceCase, failure: Exception) -> None:
    case.footage.failures = [failure] * 5
    case.wants(alert())
    case.work_until_idle()
    assert case.present(alert()) == Evidence(5.0, Span(0.0, 11.0))


def test_what_never_works_ends(case: EvidenceCase) -> None:
    case.footage.failures = [TransientError("nobody there")] * 10_000
    case.wants(alert())
    case.work_until_idle()
    assert case.present(alert()) == Evidence(note="nobody there")
    assert 10 < len(case.footage.opened) < 200


def test_one_bad_video_costs_its_own_evidence(case: EvidenceCase) -> None:
    case.footage.failures = [ValueError("a bug in a decoder")]
    case.wants(alert())
    case.wants(alert(source_id=source(2)))
    case.work_until_idle()
    notes = {case.present(alert(source_id=source(2))).note, case.present(alert()).note}
    assert notes == {"", "the video breaks our reader (ValueError)"}


def test_a_video_that_kills_the_process_is_put_aside(engine: Engine) -> None:
    """Each life claims the row, and ends before it closes it."""
    first = Station(engine)
    first.queue.want(alert(), "", first.now)
    for life in range(4):
        station = Station(engine, f"life {life}", first.clock)
        assert station.queue.claim(station.now) is not None
        first.clock.wait(station.queue.lease_s, NEVER)
    case = EvidenceCase(Station(engine, "the last", first.clock))
    case.work_until_idle()
    assert case.footage.opened == []
    assert case.present(alert()).note == "making it ended the service again and again"


def test_what_a_dead_process_had_at_work_is_made_by_another(engine: Engine) -> None:
    dead = Station(engine)
    dead.queue.want(alert(), "", dead.now)
    assert dead.queue.claim(dead.now) is not None
    case = EvidenceCase(Station(engine, "two", dead.clock))
    assert case.worker.turn() > 0
    assert case.footage.opened == []
    dead.clock.wait(dead.queue.lease_s, NEVER)
    case.work_until_idle()
    assert case.present(alert()).span is not None


class SmallObjects(MemoryObjects):
    """A store that takes no files."""

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        raise TransientError("no room")


def test_a_picture_without_a_video_still_counts(engine: Engine) -> None:
    station = Station(engine)
    station.store = SmallObjects()
    case = EvidenceCase(station)
    case.wants(alert())
    case.work_until_idle()
    assert case.present(alert()) == Evidence(5.0, None, "no room")
    assert len(case.settled) == 1


def test_evidence_of_a_removed_source_is_deleted(case: EvidenceCase) -> None:
    for number in (1, 2):
        case.wants(alert(source_id=source(number)))
    case.work_until_idle()
    assert case.station.queue.remove(source(1), case.station.now) == 1
    case.work_until_idle()
    kept = alert(source_id=source(2))
    left = {item.key for item in case.station.store.list("alerts/")}
    assert {snapshot_key(kept.alert_id), evidence_key(kept.alert_id)} < left
    assert all(key.startswith(evidence_prefix(kept.alert_id)) for key in left)
    assert case.station.queue.present(alert(source_id=source(1)).alert_id) is None


def test_what_is_held_stays_until_it_is_not(case: EvidenceCase) -> None:
    """Somebody needs it for longer than anything is kept."""
    case.wants(alert())
    case.work_until_idle()
    hold, now = hold_key(alert().alert_id), case.station.now
    case.station.store.put(hold, io.BytesIO(b""), "text/plain")
    assert case.station.queue.expire(now + 1, now) == 1
    case.work_until_idle()
    assert case.station.store.get(evidence_key(alert().alert_id))
    case.station.store.delete(hold)
    assert case.station.queue.expire(now + 1, now) == 1
    case.work_until_idle()
    assert list(case.station.store.list("alerts/")) == []


def test_evidence_of_a_held_stretch_stays_until_it_is_let_go_of(case: EvidenceCase) -> None:
    case.wants(alert())
    case.work_until_idle()
    about, now = alert(), case.station.now
    stretch = HeldStretch(since_at=about.moment(5.5), until_at=about.moment(60.0))
    told = KeepingConfigured(source_id=about.source_id, held=(stretch,), configured_at=NOON)
    case.held.on_keeping(told.key, told)
    assert case.station.queue.expire(now + 1, now) == 1
    case.work_until_idle()
    assert case.station.store.get(evidence_key(about.alert_id))
    case.held.on_keeping(told.key, None)
    assert case.station.queue.expire(now + 1, now) == 1
    case.work_until_idle()
    assert list(case.station.store.list("alerts/")) == []


def test_where_faces_are_hidden_there_is_a_picture_for_mails(engine: Engine) -> None:
    case, about = EvidenceCase(Station(engine), NoisyFootage()), alert()
    told = KeepingConfigured(source_id=about.source_id, hides_faces=True, configured_at=NOON)
    case.held.on_keeping(told.key, told)
    case.wants(about)
    case.worker.turn()
    store = case.station.store
    shown = simplejpeg.decode_jpeg(store.get(snapshot_key(about.alert_id)))
    hidden = simplejpeg.decode_jpeg(store.get(hidden_snapshot_key(about.alert_id)))
    assert shown[10:60].astype(float).std() > 30 > 3 * hidden[10:60].astype(float).std()


class NoisyFootage(PaintedFootage):
    """Pictures full of detail."""

    def picture(self, at_s: float) -> Any:
        return np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)


def test_what_is_at_work_when_its_source_is_removed_goes_too(case: EvidenceCase) -> None:
    case.wants(alert())
    task = case.station.queue.claim(case.station.now)
    assert task is not None
    case.station.queue.remove(alert().source_id, case.station.now)
    case.station.store.put(snapshot_key(alert().alert_id), io.BytesIO(b"jpeg"), "image/jpeg")
    case.station.queue.close(task, Evidence(5.0), "waiting", case.station.now, case.station.now)
    case.work_until_idle()
    assert list(case.station.store.list("")) == []


class StuckObjects(MemoryObjects):
    """A store that deletes nothing the first time."""

    outages = 1

    def delete(self, key: str) -> None:
        if self.outages:
            self.outages -= 1
            raise TransientError("nobody there")
        super().delete(key)


def test_deleting_is_tried_again(engine: Engine) -> None:
    station = Station(engine)
    station.store = StuckObjects()
    case = EvidenceCase(station)
    case.wants(alert())
    case.work_until_idle()
    station.queue.remove(alert().source_id, station.now)
    case.work_until_idle()
    assert list(station.store.list("")) == []


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("video") / "video.mp4")


def uploaded(store: MemoryObjects) -> UploadedObject:
    return UploadedObject(store)


def test_an_uploaded_video_shows_the_moment_of_the_alert(content: bytes, engine: Engine) -> None:
    station = Station(engine)
    station.store = store_with(content)
    case = EvidenceCase(station, uploaded(station.store))
    about = alert(start_s=8.0, end_s=9.0, peak_s=8.5)
    case.wants(about)
    case.work_until_idle()
    assert case.present(about) == Evidence(8.5, Span(3.0, 14.0))
    picture: Any = simplejpeg.decode_jpeg(station.store.get(snapshot_key(about.alert_id)))
    assert read_time(picture) == pytest.approx(8.5, abs=0.3)
    cut = store_with(station.store.get(evidence_key(about.alert_id)))
    with uploaded(cut).open(about, Span(0, 1)) as stretch:
        assert read_time(stretch.picture(0.0)) == pytest.approx(3.0, abs=0.3)
        assert read_time(stretch.picture(999.0)) == pytest.approx(13.96, abs=0.3)


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        (MemoryObjects(), "the video is gone"),
        (store_with(b"not a video at all" * 50), "the video cannot be used"),
    ],
)
def test_an_upload_that_is_no_use_is_unusable(store: MemoryObjects, sentence: str) -> None:
    with (
        pytest.raises(FootageUnusable, match=sentence),
        uploaded(store).open(alert(), Span(0, 1)),
    ):
        pass


def test_nothing_is_left_on_the_disk(
    case: EvidenceCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    case.wants(alert())
    case.work_until_idle()
    assert list(folder.iterdir()) == []


def test_a_grey_picture_says_its_second() -> None:
    with PaintedFootage().open(alert(), Span(0, 1)) as stretch:
        assert np.unique(stretch.picture(7.0)).tolist() == [7]


class AwayObjects(MemoryObjects):
    """A store that nobody reaches until a moment has come."""

    def __init__(self, clock: ManualClock, back_at: float) -> None:
        super().__init__()
        self._clock, self._back_at = clock, back_at

    def _reach(self) -> None:
        if self._clock.now().timestamp() < self._back_at:
            raise TransientError("nobody there")

    def put(self, key: str, stream: BinaryIO, content_type: str) -> ObjectInfo:
        self._reach()
        return super().put(key, stream, content_type)

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        self._reach()
        return super().put_file(key, path, content_type)

    def stat(self, key: str) -> ObjectInfo:
        self._reach()
        return super().stat(key)

    def get(self, key: str) -> bytes:
        self._reach()
        return super().get(key)


def test_a_store_that_is_away_for_ten_minutes_gets_all_evidence_afterwards(engine: Engine) -> None:
    """Each alert once more within five minutes of its return, whichever part it was at."""
    clock = ManualClock()
    station = Station(engine, clock=clock)
    back_at = station.now + 600
    station.store = AwayObjects(clock, back_at)
    case = EvidenceCase(station)
    for number in range(20):
        case.wants(alert(source_id=source(number)))
    case.work_until_idle()
    for number in range(20):
        present = case.present(alert(source_id=source(number)))
        assert present == Evidence(5.0, Span(0.0, 11.0))
    assert len(case.settled) == 20
    assert station.now < back_at + 400
    assert len(case.footage.opened) < 20 * 20, "it is not asked for without a pause"


def test_cutting_gives_way_to_what_looks_at_cameras() -> None:
    """A thread of its own, so that pictures of the next mail are made at full speed."""
    with ThreadPoolExecutor(1, initializer=give_way) as background:
        thread = background.submit(threading.get_native_id).result()
        assert os.getpriority(os.PRIO_PROCESS, thread) > os.getpriority(os.PRIO_PROCESS, 0)
