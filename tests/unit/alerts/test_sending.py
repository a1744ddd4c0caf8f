"""Senders make the attempts, and the relay brings each to Kafka."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Receipt, Target, deliveries_for
from services.alerts.core.notice import Notice
from services.alerts.ledger import Ledger
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.publisher import MemoryPublisher
from tests.builders import source
from tests.unit.alerts.room import GUARD, HOOK, OWNER, Station, alert
from tests.unit.alerts.sending import NEVER, SendingCase, picture_lies_there

BUSY = Receipt(False, "451 busy", again=True)


@pytest.fixture
def case(engine: Engine) -> SendingCase:
    return SendingCase(Station(engine))


def test_an_alert_is_sent_once_and_recorded(case: SendingCase) -> None:
    for _ in range(2):
        case.opened()
        case.work_until_idle()
    assert [sent.target for sent in case.channel.sent] == [OWNER]
    (event,) = case.events()
    assert (event.outcome, event.attempt, event.target) == ("delivered", 1, "owner@example.org")
    assert event.alert_id == alert(source_id=source(1)).alert_id


def test_it_is_tried_again_until_it_works_and_every_attempt_is_recorded(case: SendingCase) -> None:
    case.channel.receipts = [BUSY, BUSY]
    case.opened()
    case.work_until_idle()
    assert [(event.attempt, event.outcome) for event in case.events()] == [
        (1, "retrying"),
        (2, "retrying"),
        (3, "delivered"),
    ]
    assert len({sent.delivery_id for sent in case.channel.sent}) == 1
    assert len({sent.opened_at for sent in case.channel.sent}) == 1


def test_a_refusal_is_final(case: SendingCase) -> None:
    case.channel.receipts = [Receipt(False, "550 unknown")]
    case.opened()
    case.work_until_idle()
    assert [event.outcome for event in case.events()] == ["failed"]
    assert len(case.channel.sent) == 1


def test_what_never_works_is_given_up(case: SendingCase) -> None:
    case.channel.receipts = [BUSY] * 1000
    case.opened()
    case.work_until_idle()
    events = case.events()
    assert events[-1].outcome == "failed"
    assert events[-1].detail == "given up after 6 h: 451 busy"
    assert {event.outcome for event in events[:-1]} == {"retrying"}
    assert 20 < len(events) < 60


def test_alerts_arrive_in_their_order(case: SendingCase) -> None:
    for number in (5, 3, 9, 1):
        case.opened(number)
        case.station.clock.wait(1, NEVER)
    case.work_until_idle()
    order = [sent.alert.source_id for sent in case.channel.sent]
    assert order == [source(5), source(3), source(9), source(1)]


def test_one_that_is_refused_for_now_does_not_hold_up_the_next(case: SendingCase) -> None:
    case.channel.receipts = [BUSY]
    case.opened(1)
    case.station.clock.wait(1, NEVER)
    case.opened(2)
    case.work_until_idle()
    order = [sent.alert.source_id for sent in case.channel.sent]
    assert order == [source(1), source(2), source(1)]


def test_a_restart_goes_on_where_it_was(case: SendingCase, engine: Engine) -> None:
    case.channel.receipts = [BUSY]
    case.opened()
    case.sender.turn()
    again = SendingCase(Station(engine, "two", case.station.clock))
    again.work_until_idle()
    assert [sent.delivery_id for sent in again.channel.sent] == [
        sent.delivery_id for sent in case.channel.sent
    ]
    again.station.clock.wait(200, NEVER)
    assert [event.attempt for event in again.events()] == [1, 2]


def test_nothing_shows_the_secret_of_a_webhook(engine: Engine, tmp_path: Path) -> None:
    case = SendingCase(Station(engine), HOOK, MemoryChannel("webhook"))
    case.opened()
    case.work_until_idle()
    assert case.channel.sent[0].target.address == HOOK.address
    assert [event.target for event in case.events()] == ["https://example.org/…"]
    engine.dispose()
    for file in tmp_path.iterdir():
        assert b"hunter2" not in file.read_bytes()
        assert b"hook/secret" not in file.read_bytes()


class AwayPublisher(MemoryPublisher):
    def flush(self) -> None:
        raise TransientError("Kafka is away")


def test_without_kafka_mail_goes_out_and_is_recorded_later(case: SendingCase) -> None:
    case.opened()
    case.work_until_idle()
    with pytest.raises(TransientError):
        case.events(AwayPublisher())
    assert len(case.channel.sent) == 1
    assert [event.outcome for event in case.events()] == ["delivered"]


class ForgetfulLedger(Ledger):
    """A ledger whose database is away for the first times that something is closed."""

    outages = 3

    def close(self, *arguments: Any) -> None:
        if self.outages:
            self.outages -= 1
            raise TransientError("database: gone")
        super().close(*arguments)


def test_an_outage_after_the_mail_does_not_send_it_again(engine: Engine) -> None:
    station = Station(engine)
    station.ledger = ForgetfulLedger(engine, "one")
    case = SendingCase(station)
    case.opened()
    case.work_until_idle()
    assert len(case.channel.sent) == 1


def test_a_sender_whose_closing_fails_lets_the_lease_run_out(engine: Engine) -> None:
    station = Station(engine)
    station.ledger = ForgetfulLedger(engine, "one")
    station.ledger.outages = 100  # type: ignore[attr-defined]
    case = SendingCase(station)
    case.opened()
    with pytest.raises(TransientError):
        case.sender.turn()
    station.watch.turn()
    other = SendingCase(Station(engine, "two", station.clock))
    station.clock.wait(station.ledger.lease_s, NEVER)
    other.work_until_idle()
    assert other.channel.sent[0].delivery_id == case.channel.sent[0].delivery_id


def test_an_attempt_that_hangs_ends_and_is_recorded(case: SendingCase) -> None:
    held = threading.Event()
    channel = MemoryChannel(before=lambda _: held.wait(60) and None)
    case.sender = case.station.sender(channel, deadline_s=0.05)
    case.opened()
    case.sender.turn()
    (event,) = case.events()
    assert (event.outcome, event.detail) == (
        "retrying",
        "the attempt was not over within 0.05 s",
    )
    held.set()


def break_down(_: Notice) -> None:
    raise UnicodeEncodeError("ascii", "x", 0, 1, "a bug")


def test_an_alert_that_breaks_the_channel_costs_its_own_delivery(case: SendingCase) -> None:
    case.sender = case.station.sender(MemoryChannel(before=break_down))
    case.opened(1)
    case.sender.turn()
    case.sender = case.station.sender(case.channel)
    case.opened(2)
    case.work_until_idle()
    assert [(event.outcome, event.detail) for event in case.events()] == [
        ("failed", "this alert cannot be sent (UnicodeEncodeError)"),
        ("delivered", "kept"),
    ]


class HangingObjects(MemoryObjects):
    """A store that never answers, as long as the test lasts."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def get(self, key: str) -> bytes:
        self.over.wait(60)
        raise TransientError("over")


def test_a_store_that_hangs_holds_no_mail_up(
    case: SendingCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.alerts.sending.PICTURE_S", 0.05)
    store = HangingObjects()
    case.sender = case.station.sender(case.channel, store=store)
    for number in range(5):
        picture_lies_there(case.station, alert(source_id=source(number)))
        case.opened(number)
    case.work_until_idle()
    assert [event.outcome for event in case.events()] == ["delivered"] * 5
    store.over.set()


def test_targets_that_hang_hold_nobody_else_up(engine: Engine) -> None:
    """Three hang for as long as the test lasts; the healthy one hears of every alert."""
    station, held = Station(engine), threading.Event()
    hanging = [Target("webhook", f"http://hang.example/{number}") for number in range(3)]
    senders = [
        station.sender(MemoryChannel("webhook", lambda _: held.wait(60) and None), target)
        for target in hanging
    ]
    healthy = SendingCase(station, GUARD)
    for number in range(20):
        about = alert(source_id=source(number))
        station.ledger.open(deliveries_for(about, [*hanging, GUARD]), "", station.now)
    threads = [threading.Thread(target=sender.turn) for sender in senders]
    for thread in threads:
        thread.start()
    healthy.work_until_idle()
    assert len(healthy.channel.sent) == 20
    assert all(thread.is_alive() for thread in threads)
    held.set()
    for thread in threads:
        thread.join()
