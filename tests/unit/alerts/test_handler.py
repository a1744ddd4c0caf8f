"""What records of alerts.v1 cause."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.alerts import AlertClosed, AlertUpdated
from services.alerts.core.deliveries import Target
from services.alerts.evidence import EvidenceRoom
from services.alerts.handler import AlertHandler
from services.alerts.ledger import Ledger, Task
from services.chassis.clock import ManualClock
from services.chassis.storage import database
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.records import Incoming
from tests.builders import incoming, source
from tests.unit.alerts.room import alert, ledger_on, store_with, video

TARGETS = [Target("email", "a@example.org"), Target("email", "b@example.org")]
CLOCK = ManualClock()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("video") / "video.mp4")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield ledger_on(engine)
    engine.dispose()


def handled(ledger: Ledger, store: MemoryObjects, *batch: Incoming, **options: Any) -> None:
    cancelled = options.pop("cancelled", threading.Event())
    evidence = EvidenceRoom(store, CLOCK)
    handler = AlertHandler(ledger, evidence, TARGETS, CLOCK, **options)
    assert list(handler.handle(batch, cancelled)) == []


def tasks(ledger: Ledger) -> list[Task]:
    now = CLOCK.now().timestamp() + 1
    found = []
    while task := ledger.claim("email", now, 60):
        found.append(task)
    return found


def test_an_opened_alert_is_for_everybody(ledger: Ledger, content: bytes) -> None:
    woken: list[bool] = []
    handled(ledger, store_with(content), incoming(alert()), opened=lambda: woken.append(True))
    assert len(tasks(ledger)) == 2
    assert woken == [True]


@pytest.mark.parametrize("kind", [AlertUpdated, AlertClosed])
def test_what_follows_is_no_news_to_people(ledger: Ledger, content: bytes, kind: Any) -> None:
    handled(ledger, store_with(content), incoming(alert(kind)))
    assert tasks(ledger) == []
    made = ledger.made(alert().alert_id)
    assert made is not None
    assert made.evidence_key


def test_a_replay_tells_nobody_again(ledger: Ledger, content: bytes) -> None:
    store = store_with(content)
    for _ in range(3):
        handled(ledger, store, incoming(alert()), incoming(alert(AlertClosed, end_s=9.0)))
    assert len(tasks(ledger)) == 2


def test_an_alert_that_is_over_in_the_same_batch_is_told_as_it_ended(
    ledger: Ledger, content: bytes
) -> None:
    over = alert(AlertClosed, end_s=9.0, peak_s=8.0)
    other = alert(source_id=source(2))
    handled(ledger, store_with(content), incoming(alert()), incoming(other), incoming(over))
    told = {task.alert.alert_id: task.alert for task in tasks(ledger)}
    assert told == {over.alert_id: over, other.alert_id: other}
    made = ledger.made(over.alert_id)
    assert made is not None
    assert (made.peak_s, made.span.end_s) == (8.0, 14.0)


def test_without_a_video_people_are_told_all_the_same(ledger: Ledger) -> None:
    handled(ledger, MemoryObjects(), incoming(alert()))
    assert {task.made.note for task in tasks(ledger)} == {"the video is gone"}


def aged(age: timedelta) -> Incoming:
    item = incoming(alert())
    told_at = (CLOCK.now() - age).isoformat().encode()
    return replace(item, record=replace(item.record, headers={"ce_time": told_at}))


def test_an_old_alert_gets_evidence_but_wakes_nobody(ledger: Ledger, content: bytes) -> None:
    handled(ledger, store_with(content), aged(timedelta(hours=25)))
    assert tasks(ledger) == []
    made = ledger.made(alert().alert_id)
    assert made is not None
    assert made.snapshot_key


def test_a_fresh_alert_is_told(ledger: Ledger, content: bytes) -> None:
    handled(ledger, store_with(content), aged(timedelta(hours=23)))
    assert len(tasks(ledger)) == 2


@pytest.mark.parametrize("value", [b"", b"yesterday", b"\xff", b"2020-01-01T00:00:00"])
def test_an_unreadable_time_is_no_reason_for_silence(
    ledger: Ledger, content: bytes, value: bytes
) -> None:
    item = incoming(alert())
    item = replace(item, record=replace(item.record, headers={"ce_time": value}))
    handled(ledger, store_with(content), item)
    assert len(tasks(ledger)) == 2


def test_asked_to_stop_it_leaves_the_batch_for_later(ledger: Ledger, content: bytes) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        handled(ledger, store_with(content), incoming(alert()), cancelled=cancelled)
    assert tasks(ledger) == []
