"""What comes beside alerts: tests, redeliveries, reviews, mails; and targets of the topic."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import msgpack
import pytest
from pydantic import SecretStr

from schemas.deliveries import DeliveryRequested
from schemas.ids import DEFAULT_TENANT
from schemas.mails import MailRequested
from schemas.reviews import AlertReviewed
from schemas.targets import Pacing, TargetConfigured
from services.alerts.acknowledging import Acknowledging
from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Receipt, deliveries_for
from services.alerts.core.hook import payload
from services.alerts.core.letters import Letter, written
from services.alerts.post import MailQueue, Post
from services.alerts.requests import Requests
from services.alerts.targets import TargetDirectory
from services.chassis.addresses.mailboxes import mailbox
from services.chassis.deadline import Deadline
from services.chassis.sealing import Sealing
from services.chassis.storage import database
from services.chassis.tickets import Tickets
from tests.builders import SOURCE, source
from tests.unit.alerts.room import NOON, OWNER, Station, alert

NEVER = threading.Event()
SEALING = Sealing(SecretStr("a key for tests"))
TARGET, REQUEST = source(60), source(61)
SENDER = mailbox("FROM", "night@example.org")
BUSY = Receipt(False, "451 greylisted", again=True)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Station(engine)
    engine.dispose()


def configured(**more: Any) -> TargetConfigured:
    fields: dict[str, Any] = {
        "target_id": TARGET,
        "tenant_id": DEFAULT_TENANT,
        "channel": "webhook",
        "name": "Hook",
        "shown": "https://hooks.example",
        "address": SEALING.seal_secret("target", b"https://hooks.example/hunter2"),
        "secrets": SEALING.seal_secret("target", json.dumps(["whsec_a2tr"]).encode()),
        "configured_at": NOON,
        **more,
    }
    return TargetConfigured(**fields)


def directory(*targets: TargetConfigured) -> TargetDirectory:
    made = TargetDirectory((), SEALING)
    for each in targets:
        made.on_target(str(each.target_id), each)
    return made


def wish(purpose: Literal["test", "redelivery"], **more: Any) -> DeliveryRequested:
    return DeliveryRequested(
        request_id=more.pop("request_id", REQUEST),
        tenant_id=more.pop("tenant_id", DEFAULT_TENANT),
        target_id=TARGET,
        purpose=purpose,
        requested_by="owner@store.example",
        requested_at=NOON,
        **more,
    )


def requests(station: Station, *targets: TargetConfigured) -> Requests:
    queue = MailQueue(station.engine, "one")
    return Requests(station.ledger, queue, directory(*targets), station.clock)


def test_a_target_is_opened_and_leaves_when_it_is_switched_off_or_removed() -> None:
    made = directory(configured())
    (target,) = made.all()
    assert (target.address, target.secrets) == ("https://hooks.example/hunter2", ("whsec_a2tr",))
    assert target.shown == "https://hooks.example"
    assert "hunter2" not in repr(made.get(TARGET).shown)  # type: ignore[union-attr]
    made.on_target(str(TARGET), configured(is_enabled=False))
    assert (made.all(), made.get(TARGET)) == ((), None)
    assert [each.target_id for each in made.switched_off()] == [TARGET]
    made.on_target(str(TARGET), configured())
    assert made.switched_off() == ()
    made.on_target(str(TARGET), None)
    assert made.get(TARGET) is None


def test_what_another_key_sealed_is_left_out() -> None:
    foreign = Sealing(SecretStr("another")).seal_secret("target", b"https://x/")
    assert directory(configured(address=foreign)).all() == ()


def test_a_test_goes_out_once_and_says_what_it_is(station: Station) -> None:
    made, channel = requests(station, configured()), MemoryChannel("webhook")
    for _ in range(2):
        made.take(wish("test"), "", NEVER)
    sender = station.sender(channel, directory(configured()).all()[0])
    while sender.turn() == 0.0:
        pass
    (sent,) = channel.sent
    content = json.loads(payload(sent))
    assert content["type"] == "target.test"
    assert content["data"]["request_id"] == str(REQUEST)
    (report,) = station.outbox.unsent(9, station.now)
    event = report.message
    assert (event.purpose, event.target_id, event.alert_id) == ("test", TARGET, REQUEST)


def test_an_alert_is_delivered_again_to_whom_one_names(station: Station) -> None:
    about = alert()
    station.ledger.open(deliveries_for(about, [OWNER]), "", station.now)
    requests(station, configured()).take(wish("redelivery", alert_id=about.alert_id), "", NEVER)
    channel = MemoryChannel("webhook")
    station.sender(channel, directory(configured()).all()[0]).turn()
    assert [sent.alert.alert_id for sent in channel.sent] == [about.alert_id]


def test_redeliveries_in_bulk_come_at_the_targets_rate(station: Station) -> None:
    about, often = alert(), configured(pacing=Pacing(most_per_hour=120))
    station.ledger.open(deliveries_for(about, [OWNER]), "", station.now)
    asked, channel = requests(station, often), MemoryChannel("webhook")
    sender, sent_at = station.sender(channel, directory(often).all()[0]), list[float]()
    began = station.now
    for number in range(12):
        again = wish("redelivery", alert_id=about.alert_id, request_id=source(number))
        asked.take(again, "", NEVER)
    while len(sent_at) < 12:
        if (pause_s := sender.turn()) > 0:
            station.clock.wait(pause_s, NEVER)
        sent_at += [station.now - began] * (len(channel.sent) - len(sent_at))
    assert sent_at == [0.0] * 5 + [150.0] * 5 + [300.0] * 2


@pytest.mark.parametrize("of", [wish("test", tenant_id=source(9)), wish("test")])
def test_nothing_goes_to_a_target_of_another_tenant_or_to_none(
    station: Station, of: DeliveryRequested
) -> None:
    there = [configured()] if of.tenant_id != DEFAULT_TENANT else []
    requests(station, *there).take(of, "", NEVER)
    assert station.ledger.pending(station.now) == []


@pytest.mark.parametrize("review", [{"acknowledged_at": NOON}, {"verdict": "false"}])
def test_a_review_ends_the_escalation(station: Station, review: dict[str, Any]) -> None:
    about = alert()
    reviewed = AlertReviewed(
        alert_id=about.alert_id,
        source_id=SOURCE,
        tenant_id=DEFAULT_TENANT,
        reviewed_at=NOON,
        **review,
    )
    requests(station).take(reviewed, "", NEVER)
    assert station.ledger.is_settled(about.alert_id)


def test_an_acknowledge_link_names_alert_and_target(station: Station) -> None:
    station.ledger.open(deliveries_for(alert(), [OWNER]), "", station.now)
    task = station.ledger.claim(OWNER, station.now)
    assert task is not None
    link = Acknowledging(SEALING, "https://night.example/").link(task, OWNER)
    assert link.startswith("https://night.example/a/")
    ticket = Tickets(SEALING).read("acknowledge", link.rpartition("/")[2], station.clock.now())
    assert ticket.fields["alert_id"] == str(alert().alert_id)
    assert ticket.fields["by"] == "owner@example.org"
    assert Acknowledging(Sealing(SecretStr("")), "https://n/").link(task, OWNER) == ""


class Letters:
    """Keeps what was handed in; `receipts` are the next answers."""

    def __init__(self, *receipts: Receipt) -> None:
        self.receipts, self.taken = list(receipts), list[Letter]()

    def hand_in(self, letter: Letter, deadline: Deadline) -> Receipt:
        self.taken.append(letter)
        return self.receipts.pop(0) if self.receipts else Receipt(True, "taken")


def invitation(station: Station, **more: Any) -> MailRequested:
    content = msgpack.packb({"to": "new@store.example", "link": "https://night.example/i/x"})
    fields: dict[str, Any] = {
        "mail_id": source(70),
        "tenant_id": DEFAULT_TENANT,
        "kind": "invitation",
        "sealed": SEALING.seal_secret("mail", content),
        "text": "owner@store.example",
        "expires_at": station.clock.now() + timedelta(hours=1),
        "requested_at": station.clock.now(),
        **more,
    }
    return MailRequested(**fields)


def work(post: Post, station: Station) -> None:
    for _ in range(200):
        station.clock.wait(max(post.turn(), 0.0) * 10, NEVER)


def test_a_mail_is_sent_once_and_again_only_until_it_is_taken(station: Station) -> None:
    made, letters = requests(station), Letters(BUSY, BUSY)
    for _ in range(2):
        made.take(invitation(station), "", NEVER)
    post = Post(MailQueue(station.engine, "one"), letters, SEALING, station.clock)
    work(post, station)
    assert [letter.address for letter in letters.taken] == ["new@store.example"] * 3
    made.take(invitation(station), "", NEVER)
    work(post, station)
    assert len(letters.taken) == 3


def test_a_mail_that_never_goes_ends_when_it_expires(station: Station) -> None:
    made, letters = requests(station), Letters(*[BUSY] * 1000)
    made.take(invitation(station), "", NEVER)
    queue = MailQueue(station.engine, "one")
    work(Post(queue, letters, SEALING, station.clock), station)
    assert queue.next_due() is None
    assert 5 < len(letters.taken) < 50


def test_a_mail_at_work_is_nobody_elses_until_its_lease_ends(station: Station) -> None:
    first, second = MailQueue(station.engine, "one"), MailQueue(station.engine, "two")
    first.open(invitation(station), station.now)
    task = first.claim(station.now)
    assert task is not None
    assert second.claim(station.now) is None
    again = second.claim(station.now + second.lease_s)
    assert again is not None
    assert again.attempt == 2
    first.close(task, "failed", None)
    assert second.next_due() is not None


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "You are invited to Nightclerk"), ("ko", "Nightclerk에 초대되었습니다")],
)
def test_a_mail_is_in_the_language_that_was_asked_for(
    station: Station, language: str, subject: str
) -> None:
    about = invitation(station, language=language)
    mail = written(Letter(about, "new@store.example", "https://night.example/i/x"), SENDER)
    assert mail["Subject"] == subject
    assert mail["Message-ID"] == f"<{about.mail_id}@example.org>"
    plain = mail.get_body(("plain",))
    page = mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert "https://night.example/i/x" in plain.get_content()
    assert 'href="https://night.example/i/x"' in page.get_content()
