"""What runs beside senders and workers: removal, retention, the second mail, the watch."""

import threading

import pytest
from sqlalchemy import Engine

from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Receipt, Target, deliveries_for
from services.alerts.core.spans import Evidence
from services.alerts.evidence_queue import EvidenceTask
from services.alerts.follow_up import FollowUp
from services.alerts.ledger import Task
from services.alerts.retention import Keep, Retention
from services.alerts.sources import Removal, Sources
from services.alerts.watch import HANGING_S, Watch
from services.chassis.telemetry.metrics import REGISTRY
from tests.builders import source
from tests.unit.alerts.room import GUARD, HOOK, OWNER, SourceTable, Station, alert, configured

NEVER = threading.Event()
BUSY = Receipt(False, "451 busy", again=True)
KEEP = Keep(everything_s=1000.0, unsent_s=100.0)


@pytest.fixture
def station(engine: Engine) -> Station:
    return Station(engine)


def opened(station: Station, *targets: Target, number: int = 1, waits_s: float = 0.0) -> None:
    about = alert(source_id=source(number))
    deliveries = deliveries_for(about, targets or [OWNER], "door 2")
    station.ledger.open(deliveries, "", station.now, waits_s)


def removal(station: Station) -> Removal:
    return Removal(station.sources, station.ledger, station.queue, station.clock)


def test_of_a_removed_source_nothing_that_waits_is_sent(station: Station) -> None:
    for number in (1, 2):
        opened(station, OWNER, HOOK, number=number)
    station.sources.on_source(str(source(1)), None)
    removal(station).turn()
    channel = MemoryChannel()
    sender = station.sender(channel)
    while station.ledger.next_due(OWNER) is not None:
        sender.turn()
    assert [sent.alert.source_id for sent in channel.sent] == [source(2)]


def test_an_attempt_at_work_when_its_source_is_removed_is_the_last(station: Station) -> None:
    def remove(_: object) -> None:
        station.sources.on_source(str(source(1)), None)
        removal(station).turn()

    opened(station)
    channel = MemoryChannel(before=remove)
    channel.receipts = [BUSY]
    station.sender(channel).turn()
    assert len(channel.sent) == 1
    assert station.ledger.next_due(OWNER) is None
    assert [report.message.outcome for report in station.outbox.unsent(9, station.now)] == [
        "retrying"
    ]


def test_a_removal_that_comes_twice_changes_nothing(station: Station) -> None:
    opened(station)
    for _ in range(2):
        station.sources.on_source(str(source(1)), None)
    removal(station).turn()
    assert station.sources.next_removed() is None


def test_a_source_that_was_added_again_keeps_what_it_has(station: Station) -> None:
    opened(station)
    station.sources.on_source(str(source(1)), None)
    station.sources.on_source(str(source(1)), configured(source(1)))
    removal(station).turn()
    assert station.ledger.next_due(OWNER) is not None


def test_sources_have_names_until_they_are_removed() -> None:
    sources = Sources(SourceTable(configured(source(1), "door 2")))
    assert sources.name(source(1)) == "door 2"
    assert sources.name(source(2)) == ""
    sources.on_source(str(source(1)), None)
    assert sources.is_removed(source(1))
    sources.on_source(str(source(1)), configured(source(1)))
    assert not sources.is_removed(source(1))
    sources.on_source("not an id", None)
    assert not sources.is_removed(source(2))


def test_what_is_over_and_old_is_forgotten(station: Station) -> None:
    opened(station)
    station.sender(MemoryChannel()).turn()
    station.queue.want(alert(), "", station.now)
    retention = Retention(station.ledger, station.queue, KEEP, station.clock)
    retention.turn()
    assert station.ledger.forget(0.0) == 0
    station.clock.wait(KEEP.everything_s + 1, NEVER)
    retention.turn()
    task = station.queue.claim(station.now)
    assert task is not None
    assert task.is_removal
    opened(station)
    assert station.ledger.next_due(OWNER) == station.now


def test_a_delivery_that_nobody_serves_ends_with_an_event(station: Station) -> None:
    opened(station, OWNER, GUARD)
    station.sender(MemoryChannel(), OWNER).turn()
    retention = Retention(station.ledger, station.queue, KEEP, station.clock)
    retention.turn()
    assert station.ledger.next_due(GUARD) is not None
    station.clock.wait(KEEP.unsent_s + 1, NEVER)
    retention.turn()
    assert station.ledger.next_due(GUARD) is None
    reports = station.outbox.unsent(9, station.now)
    assert [(report.message.target, report.message.detail) for report in reports] == [
        ("owner@example.org", "kept"),
        ("guard@example.org", "this target is no longer configured"),
    ]


class MailCase:
    """A sender of mails whose pictures come early or late."""

    def __init__(self, station: Station, *amended: Target) -> None:
        self.station, self.channel = station, MemoryChannel()
        self.woken = 0
        self.follow_up = FollowUp(station.ledger, station.queue, amended, station.clock, self._wake)
        self.sender = station.sender(self.channel, sent=self._sent)
        self.about = alert(source_id=source(1))

    def picture(self, note: str = "") -> None:
        station = self.station
        station.queue.want(self.about, "door 2", station.now)
        task = station.queue.claim(station.now)
        assert isinstance(task, EvidenceTask)
        present = Evidence(note=note) if note else Evidence(5.0)
        station.queue.close(task, present, "failed" if note else "done", None, station.now)
        self.follow_up.on_picture(task)

    def send_what_is_due(self) -> int:
        before = len(self.channel.sent)
        while self.sender.turn() == 0.0:
            pass
        return len(self.channel.sent) - before

    def _wake(self) -> None:
        self.woken += 1

    def _sent(self, task: Task) -> None:
        self.follow_up.on_attempt(task)


@pytest.mark.parametrize("note", ["", "the video is gone"])
def test_a_mail_goes_out_as_soon_as_its_picture_is_settled(station: Station, note: str) -> None:
    case = MailCase(station)
    opened(station, waits_s=3.0)
    assert case.send_what_is_due() == 0
    case.picture(note)
    assert case.woken == 1
    assert case.send_what_is_due() == 1
    assert case.channel.sent[0].note == note


def test_without_its_picture_a_mail_goes_out_after_the_bound(station: Station) -> None:
    case = MailCase(station)
    opened(station, waits_s=3.0)
    station.clock.wait(3.0, NEVER)
    assert case.send_what_is_due() == 1


def test_the_first_mail_stays_the_only_one_unless_asked_for(station: Station) -> None:
    case = MailCase(station)
    opened(station)
    case.send_what_is_due()
    case.picture()
    assert case.send_what_is_due() == 0


def test_a_second_mail_brings_the_picture_once(station: Station) -> None:
    case = MailCase(station, OWNER, HOOK)
    opened(station)
    case.send_what_is_due()
    for _ in range(3):
        if station.queue.present(case.about.alert_id) is None:
            case.picture()
        case.send_what_is_due()
    first, second = case.channel.sent
    assert second.amends == first.delivery_id


def test_a_picture_that_came_while_the_mail_was_under_way_follows_too(station: Station) -> None:
    case = MailCase(station, OWNER)
    case.channel = MemoryChannel(before=lambda sent: case.picture() if not sent.amends else None)
    case.sender = station.sender(case.channel, sent=case.follow_up.on_attempt)
    opened(station)
    assert case.send_what_is_due() == 2


def test_a_picture_that_never_comes_is_not_followed_up(station: Station) -> None:
    case = MailCase(station, OWNER)
    opened(station)
    case.send_what_is_due()
    case.picture("the video is gone")
    assert case.send_what_is_due() == 0


def gauge(channel: str) -> float | None:
    return REGISTRY.get_sample_value("nightclerk_deliveries_hanging", {"of": channel})


def test_an_attempt_that_hangs_is_shown_while_it_does(station: Station) -> None:
    def hang(_: object) -> None:
        station.clock.wait(HANGING_S + 1, NEVER)
        station.watch.turn()
        assert gauge("email") == 1

    opened(station)
    station.sender(MemoryChannel(before=hang)).turn()
    station.watch.turn()
    assert gauge("email") == 0


def test_a_long_attempt_keeps_its_lease(engine: Engine, station: Station) -> None:
    other = Station(engine, "two", station.clock)
    rivals: list[Task | None] = []

    def dawdle(_: object) -> None:
        for _ in range(10):
            station.clock.wait(station.ledger.lease_s * 0.9, NEVER)
            rivals.append(other.ledger.claim(OWNER, other.now))
            station.watch.turn()

    opened(station)
    station.sender(MemoryChannel(before=dawdle)).turn()
    assert rivals == [None] * 10


def test_long_work_on_evidence_keeps_its_lease(engine: Engine, station: Station) -> None:
    other = Station(engine, "two", station.clock)
    station.queue.want(alert(), "", station.now)
    task = station.queue.claim(station.now)
    assert task is not None
    with station.watch.making(task):
        for _ in range(10):
            station.clock.wait(station.queue.lease_s * 0.9, NEVER)
            assert other.queue.claim(other.now) is None
            station.watch.turn()
    station.clock.wait(station.queue.lease_s, NEVER)
    assert other.queue.claim(other.now) is not None


def test_the_watch_looks_more_often_than_a_lease_lasts(station: Station) -> None:
    watch = Watch(station.ledger, station.queue, station.clock)
    assert watch.turn() * 3 <= min(station.ledger.lease_s, station.queue.lease_s)
