"""Evidence that goes with its source, and what keeps it."""

import io

import pytest
from sqlalchemy import Engine

from schemas.ids import evidence_key, evidence_prefix, hold_key, snapshot_key
from schemas.keeping import HeldStretch, KeepingConfigured
from services.alerts.core.spans import Evidence
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects
from tests.builders import source
from tests.unit.alerts.evidence import EvidenceCase
from tests.unit.alerts.room import NOON, Station, alert


@pytest.fixture
def case(engine: Engine) -> EvidenceCase:
    return EvidenceCase(Station(engine))


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
