"""Couriers make attempts, and the reporter tells of each."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from services.alerts.courier import Courier
from services.alerts.reporter import Reporter

from schemas.deliveries import DeliveryAttempted
from schemas.topics import DELIVERIES
from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Receipt, Target, deliveries_for
from services.alerts.core.spans import Made, Span
from services.alerts.ledger import Ledger
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.alerts.room import alert, desk_of, ledger_on

MAIL = Target("email", "owner@example.org")
KEY = "alerts/a/snapshot.jpg"
NEVER = threading.Event()
BUSY = Receipt(False, "451 busy", again=True)


@dataclass
class Post:
    """A courier with everything around it."""

    ledger: Ledger
    store: MemoryObjects = field(default_factory=MemoryObjects)
    clock: ManualClock = field(default_factory=ManualClock)
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)

    def __post_init__(self) -> None:
        desk = desk_of(self.ledger, self.store, self.clock)
        self.courier = Courier(self.channel, [MAIL], desk, lambda: None)

    def opened(self, snapshot_key: str | None = None, note: str = "") -> None:
        made = Made(Span(0, 11), 5.0, snapshot_key, note=note)
        now = self.clock.now().timestamp()
        self.ledger.open(deliveries_for(alert(), [MAIL]), made, "", now)

    def events(self) -> list[DeliveryAttempted]:
        Reporter(self.ledger, self.publisher).turn()
        found = self.publisher.messages(DELIVERIES)
        return [event for event in found if isinstance(event, DeliveryAttempted)]

    def work_until_idle(self) -> None:
        for _ in range(5000):
            pause_s = self.courier.turn()
            if pause_s >= 30 and self.ledger.next_due("email") is None:
                return
            self.clock.wait(pause_s, NEVER)
        pytest.fail("the courier never rests")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Post(ledger_on(engine))
    engine.dispose()


def test_an_alert_is_told_once_and_recorded(post: Post) -> None:
    post.opened()
    post.work_until_idle()
    post.opened()
    post.work_until_idle()
    assert [sent.address for sent in post.channel.sent] == ["owner@example.org"]
    (event,) = post.events()
    assert (event.outcome, event.attempt, event.target) == ("delivered", 1, "owner@example.org")
    assert event.alert_id == alert().alert_id


def test_it_is_tried_again_until_it_works_and_every_attempt_is_told(post: Post) -> None:
    post.channel.receipts = [BUSY, BUSY]
    post.opened()
    post.work_until_idle()
    assert [(event.attempt, event.outcome) for event in post.events()] == [
        (1, "retrying"),
        (2, "retrying"),
        (3, "delivered"),
    ]
    assert len({sent.delivery_id for sent in post.channel.sent}) == 1
    assert len({sent.told_at for sent in post.channel.sent}) == 1


def test_a_refusal_is_final(post: Post) -> None:
    post.channel.receipts = [Receipt(False, "550 unknown")]
    post.opened()
    post.work_until_idle()
    assert [event.outcome for event in post.events()] == ["failed"]
    assert len(post.channel.sent) == 1


def test_one_that_never_works_is_given_up(post: Post) -> None:
    post.channel.receipts = [BUSY] * 1000
    post.opened()
    post.work_until_idle()
    events = post.events()
    assert events[-1].outcome == "failed"
    assert events[-1].detail == "given up after 6 h: 451 busy"
    assert {event.outcome for event in events[:-1]} == {"retrying"}
    assert 20 < len(events) < 60


def test_a_restart_goes_on_where_it_was(post: Post) -> None:
    post.channel.receipts = [BUSY]
    post.opened()
    post.courier.turn()
    again = Post(post.ledger, clock=post.clock)
    again.work_until_idle()
    assert [sent.delivery_id for sent in again.channel.sent] == [
        sent.delivery_id for sent in post.channel.sent
    ]
    assert [event.attempt for event in again.events()] == [1, 2]


def test_a_mail_carries_the_picture_from_the_store(post: Post, tmp_path: Path) -> None:
    picture = tmp_path / "snapshot.jpg"
    picture.write_bytes(b"\xff\xd8jpeg")
    post.store.put_file(KEY, picture, "image/jpeg")
    post.opened(KEY)
    post.work_until_idle()
    assert post.channel.sent[0].snapshot == b"\xff\xd8jpeg"
    assert post.events()[0].snapshot_key == KEY


def test_a_mail_without_its_picture_says_so(post: Post) -> None:
    post.opened(KEY)
    post.work_until_idle()
    assert post.channel.sent[0].snapshot is None
    assert post.channel.sent[0].note == "the object store does not give it"


def test_a_target_that_left_the_settings_is_not_told(post: Post) -> None:
    gone = deliveries_for(alert(), [Target("email", "former@example.org")])
    post.ledger.open(gone, Made(Span(0, 1), 0.5), "", post.clock.now().timestamp())
    post.work_until_idle()
    assert post.channel.sent == []
    assert post.events()[0].detail == "this target is no longer configured"


class AwayPublisher(MemoryPublisher):
    def flush(self) -> None:
        raise TransientError("Kafka is away")


def test_without_kafka_mail_goes_out_and_is_told_of_later(post: Post) -> None:
    post.opened()
    post.work_until_idle()
    with pytest.raises(TransientError):
        Reporter(post.ledger, AwayPublisher()).turn()
    assert len(post.channel.sent) == 1
    assert [event.outcome for event in post.events()] == ["delivered"]


class ForgetfulLedger(Ledger):
    """A ledger whose database is away for the first times that something is closed."""

    outages = 3

    def close(self, *arguments: object) -> None:
        if self.outages:
            self.outages -= 1
            raise TransientError("database: gone")
        super().close(*arguments)  # type: ignore[arg-type]


def test_an_outage_after_the_mail_does_not_send_it_again(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'other.db'}")
    ledger = ForgetfulLedger(engine, "one")
    ledger.prepare(0.0, 1000.0)
    post = Post(ledger)
    post.opened()
    post.work_until_idle()
    assert len(post.channel.sent) == 1
    engine.dispose()
