"""What records of alerts.v1 cause: rows alone, at once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.alerts import AlertClosed, AlertUpdated
from services.alerts.handler import AlertHandler, Notification
from services.alerts.ledger import Task
from services.chassis.storage import database
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.records import Incoming
from tests.builders import ORIGIN, incoming, source
from tests.unit.alerts.room import GUARD, HOOK, OWNER, Station, alert, offline

TARGETS = (OWNER, GUARD, HOOK)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Station(engine)
    engine.dispose()


def handled(station: Station, *batch: Incoming, **more: Any) -> None:
    cancelled = more.pop("cancelled", threading.Event())
    opened = more.pop("opened", lambda: None)
    handler = AlertHandler(
        station.ledger,
        station.queue,
        station.sources,
        Notification(lambda: TARGETS, **more),
        station.clock,
        opened,
    )
    assert list(handler.handle(batch, cancelled)) == []


def tasks(station: Station, later_s: float = 10.0) -> list[Task]:
    """The first delivery to each target, as a sender would claim it."""
    claimed = [station.ledger.claim(target, station.now + later_s) for target in TARGETS]
    return [task for task in claimed if task is not None]


def test_an_opened_alert_is_for_everybody_at_once(station: Station) -> None:
    woken: list[bool] = []
    handled(station, incoming(alert()), opened=lambda: woken.append(True), mail_waits_s=0)
    found = tasks(station, later_s=0)
    assert [task.shown for task in found] == [target.shown for target in TARGETS]
    assert {task.source_name for task in found} == {"door-2.mp4"}
    assert woken


def test_nothing_is_made_before_the_message(station: Station) -> None:
    handled(station, incoming(alert()))
    assert list(station.store.list("")) == []
    waiting = station.queue.claim(station.now)
    assert waiting is not None
    assert waiting.alert == alert()


def test_a_mail_waits_for_its_picture_but_a_webhook_does_not(station: Station) -> None:
    handled(station, incoming(alert()), mail_waits_s=3)
    assert [task.channel for task in tasks(station, later_s=0)] == ["webhook"]
    assert [task.channel for task in tasks(station, later_s=3)] == ["email", "email"]


def test_what_a_target_that_is_off_misses_is_noted_and_sent_by_nobody(station: Station) -> None:
    """Else nobody could have an alert about a camera delivered later, of which nothing is made."""
    off = replace(HOOK, address="https://example.org/off")
    handled(station, incoming(offline()), switched_off=lambda: (off,))
    assert station.ledger.claim(off, station.now + 9999) is None
    assert {each.target_id for each in station.ledger.pending(station.now)} == {
        target.target_id for target in TARGETS
    }
    assert station.ledger.alert_of(offline().alert_id) is not None


@pytest.mark.parametrize("kind", [AlertUpdated, AlertClosed])
def test_what_follows_is_no_news_to_people(station: Station, kind: Any) -> None:
    handled(station, incoming(alert(kind)))
    assert tasks(station) == []
    assert station.queue.claim(station.now) is not None


@pytest.mark.parametrize("run", ["shadows", "replay-1"])
def test_runs_beside_the_live_one_cause_nothing(station: Station, run: str) -> None:
    handled(station, incoming(alert(run=run)), incoming(alert(AlertClosed, run=run)))
    assert tasks(station) == []
    assert station.queue.next_due() is None


def test_a_replay_changes_nothing(station: Station) -> None:
    over = alert(AlertClosed, end_s=9.0)
    for _ in range(3):
        handled(station, incoming(alert()), incoming(over))
        handled(station, incoming(alert()))
        handled(station, incoming(over))
    assert len(tasks(station)) == len(TARGETS)
    assert [station.ledger.claim(target, station.now + 11) for target in TARGETS] == [None] * 3


def test_an_alert_that_is_over_in_the_same_batch_is_sent_as_it_ended(station: Station) -> None:
    over = alert(AlertClosed, end_s=9.0, peak_s=8.0)
    other = alert(source_id=source(2))
    handled(station, incoming(alert()), incoming(other), incoming(over))
    found = [station.queue.claim(station.now) for _ in range(2)]
    assert {task.alert for task in found if task} == {over, other}


def test_an_old_alert_gets_evidence_but_wakes_nobody(station: Station) -> None:
    handled(station, incoming(alert(cut_at=ORIGIN - timedelta(hours=25))))
    assert tasks(station) == []
    assert station.queue.next_due() is not None


def test_an_alert_older_than_what_is_kept_causes_nothing(station: Station) -> None:
    handled(station, incoming(alert(cut_at=ORIGIN - timedelta(days=200))))
    assert tasks(station) == []
    assert station.queue.next_due() is None


def test_a_log_that_begins_again_mails_nothing_old(station: Station) -> None:
    """The records come late and with new headers; what counts is when their clips were cut."""
    for number in range(50):
        old = alert(source_id=source(number), cut_at=ORIGIN - timedelta(days=2, hours=number))
        handled(station, incoming(old), incoming(alert(AlertClosed, source_id=source(number))))
    assert tasks(station) == []


def test_of_a_removed_source_nothing_is_sent(station: Station) -> None:
    station.sources.on_source(str(alert().source_id), None)
    handled(station, incoming(alert()))
    assert tasks(station) == []
    assert station.queue.next_due() is None


def test_asked_to_stop_it_leaves_the_batch_for_later(station: Station) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        handled(station, incoming(alert()), cancelled=cancelled)
    assert tasks(station) == []


def test_what_is_wrong_with_a_camera_goes_out_at_once_and_has_no_evidence(station: Station) -> None:
    handled(station, incoming(offline()), mail_waits_s=3)
    assert len(tasks(station, later_s=0)) == len(TARGETS)
    assert station.queue.next_due() is None
