"""Evidence that is due: made beside the messages, again after failures, and never for ever."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import simplejpeg
from sqlalchemy import Engine

from schemas.alerts import AlertClosed, AlertUpdated
from schemas.ids import evidence_key, hidden_snapshot_key, snapshot_key
from schemas.keeping import KeepingConfigured
from services.alerts.core.spans import Evidence, Span
from services.alerts.evidence import give_way
from services.alerts.footage import FootageLate, FootageUnusable, PaintedFootage
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from tests.builders import source
from tests.unit.alerts.evidence import NEVER, EvidenceCase
from tests.unit.alerts.room import NOON, Station, alert


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
