"""The dispatcher: hundreds of targets, few threads, and nobody waits for who hangs."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine

from schemas.targets import Pacing
from services.alerts.channels import MemoryChannel
from services.alerts.core.admission import Pending, Shares, Working, admitted
from services.alerts.core.deliveries import Receipt, Target, deliveries_for
from services.alerts.core.notice import Notice
from services.alerts.dispatch import UNHEARD_S, Dispatcher
from services.alerts.sending import Sender
from services.alerts.targets import TargetDirectory
from services.chassis.sealing import Sealing
from services.chassis.storage import database
from tests.builders import SOURCE, source
from tests.unit.alerts.room import Station, alert
from tests.waiting import wait_until

NEVER = threading.Event()
TENANTS = [uuid5(SOURCE, f"tenant/{number}") for number in range(4)]
SHARES = Shares(all=8, tenant=4, slow=3)


def target(tenant: int, number: int, **more: object) -> Target:
    identity = uuid5(TENANTS[tenant], f"target/{number}")
    address = f"https://hooks.example/{tenant}/{number}"
    return Target("webhook", address, identity=identity, tenant_id=TENANTS[tenant], **more)  # type: ignore[arg-type]


@dataclass
class Hall:
    """A station whose targets are all served by one dispatcher; some hang until `held` is set."""

    station: Station
    targets: list[Target]
    hanging: Callable[[Target], bool] = lambda _: False
    sent: list[Notice] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    most_at_work: int = 0
    at_work: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        directory = TargetDirectory(self.targets, Sealing(SecretStr("")))
        self.dispatcher = Dispatcher(
            self.station.ledger, directory, self.sender, self.station.clock, SHARES
        )

    def sender(self, to: Target) -> Sender:
        channel = MemoryChannel("webhook", self.attempt)
        return self.station.sender(channel, to, deadline_s=60.0)

    def attempt(self, notice: Notice) -> None:
        with self.lock:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        if self.hanging(notice.target):
            self.held.wait(60)
        with self.lock:
            self.at_work -= 1
            self.sent.append(notice)

    def open(self, *numbers: int) -> None:
        for number in numbers:
            about = alert(source_id=source(number))
            self.station.ledger.open(deliveries_for(about, self.targets), "", self.station.now)

    def until_sent(self, count: int) -> None:
        def enough() -> bool:
            self.dispatcher.turn()
            self.station.clock.wait(0.6, NEVER)
            return len(self.sent) >= count

        wait_until(enough)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    engine: Engine = database.connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Station(engine)
    engine.dispose()


def test_many_targets_hear_of_every_alert_in_its_order(station: Station) -> None:
    hall = Hall(station, [target(tenant, number) for tenant in range(3) for number in range(10)])
    hall.open(1)
    station.clock.wait(1.0, NEVER)
    hall.open(2)
    hall.until_sent(60)
    for each in hall.targets:
        heard = [sent.alert.source_id for sent in hall.sent if sent.target == each]
        assert heard == [source(1), source(2)]
    assert hall.most_at_work <= SHARES.all + 3
    hall.dispatcher.close()


def test_a_tenant_whose_endpoints_all_hang_delays_no_other(station: Station) -> None:
    """For as long as the test lasts, with more endpoints than there are threads."""
    hung = [target(0, number) for number in range(20)]
    hall = Hall(station, [*hung, *(target(1, number) for number in range(5))])
    hall.hanging = lambda to: to.tenant_id == TENANTS[0]
    hall.open(1, 2)
    hall.until_sent(10)
    assert {sent.target.tenant_id for sent in hall.sent} == {TENANTS[1]}
    assert hall.at_work <= SHARES.tenant_most
    hall.held.set()
    hall.dispatcher.close()


def test_what_waits_for_a_removed_target_is_not_sent(station: Station) -> None:
    hall = Hall(station, [target(0, 1)])
    hall.open(1)
    hall.dispatcher = Dispatcher(
        station.ledger, TargetDirectory((), Sealing(SecretStr(""))), hall.sender, station.clock
    )
    hall.dispatcher.turn()
    assert station.ledger.pending(station.now) != []
    station.clock.wait(UNHEARD_S + 1, NEVER)
    hall.dispatcher.turn()
    assert station.ledger.pending(station.now) == []
    assert hall.sent == []


def test_a_bug_in_an_attempt_ends_the_service(station: Station) -> None:
    def broken(_: Target) -> Sender:
        sender = station.sender(MemoryChannel("webhook"))
        sender.turn = lambda: 1 / 0  # type: ignore[method-assign]
        return sender

    hall = Hall(station, [target(0, 1)])
    hall.open(1)
    directory = TargetDirectory(hall.targets, Sealing(SecretStr("")))
    dispatcher = Dispatcher(station.ledger, directory, broken, station.clock)
    over = threading.Event()
    dispatcher.wake = over.set
    dispatcher.turn()
    assert over.wait(60)
    with pytest.raises(ZeroDivisionError):
        dispatcher.turn()
    dispatcher.close()


def pendings(places: list[tuple[int, int]]) -> list[Pending]:
    return [
        Pending(uuid5(TENANTS[tenant], f"{tenant}/{number}"), TENANTS[tenant], float(due))
        for due, (tenant, number) in enumerate(places)
    ]


PLACES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), unique=True, max_size=60)
NUMBERS = st.sets(st.integers(0, 59))


@given(PLACES, PLACES, NUMBERS, NUMBERS)
def test_nobody_gets_more_than_their_share_and_places_are_not_left_idle(
    due: list[tuple[int, int]], working: list[tuple[int, int]], slow: set[int], hangs: set[int]
) -> None:
    waiting = pendings(due)
    slow_ones = {each.target_id for place, each in enumerate(waiting) if place in slow}
    at_work = {
        each.target_id: Working(each.tenant_id, place in hangs or each.target_id in slow_ones)
        for place, each in enumerate(admitted(pendings(working), {}, slow_ones, SHARES))
    }
    chosen = admitted(waiting, at_work, slow_ones, SHARES)
    fresh = {
        each.target_id: Working(each.tenant_id, each.target_id in slow_ones) for each in chosen
    }
    assert fresh.keys().isdisjoint(at_work)
    assert len(fresh) == len(chosen)
    everybody = [*at_work.values(), *fresh.values()]
    swift = [each for each in everybody if not each.is_slow]
    assert len(swift) <= SHARES.all + len(TENANTS)
    assert len(everybody) <= SHARES.most + len(TENANTS)
    for tenant in TENANTS:
        mine = [each for each in everybody if each.tenant_id == tenant]
        begun = [each for each in fresh.values() if each.tenant_id == tenant]
        assert sum(not each.is_slow for each in mine) <= SHARES.tenant or not begun
        assert len(mine) <= SHARES.tenant_most or len(begun) <= 1
        is_heard = any(each.tenant_id == tenant for each in at_work.values()) or begun
        assert is_heard or tenant not in {each.tenant_id for each in waiting}
    for each in waiting:
        if each.target_id not in at_work and each.target_id not in fresh | dict.fromkeys(slow_ones):
            mine = [work for work in everybody if work.tenant_id == each.tenant_id]
            quick = sum(not work.is_slow for work in mine)
            assert (
                len(swift) >= SHARES.all
                or quick >= SHARES.tenant
                or len(mine) >= SHARES.tenant_most
                or len(everybody) >= SHARES.most
            )


@pytest.mark.parametrize("tenants", [4, 16])
def test_tenants_whose_endpoints_hang_at_the_first_attempt_delay_no_other(tenants: int) -> None:
    """With as many endpoints each as they like, at the defaults."""
    hung = [
        Pending(uuid5(SOURCE, f"{tenant}/{number}"), uuid5(SOURCE, f"hung/{tenant}"), 0.0)
        for tenant in range(tenants)
        for number in range(100)
    ]
    at_work: dict[UUID, Working] = {}
    for _ in range(30):
        for each in admitted(hung, at_work, (), Shares()):
            at_work[each.target_id] = Working(each.tenant_id)
        at_work = {name: Working(work.tenant_id, True) for name, work in at_work.items()}
    other = Pending(uuid5(SOURCE, "other"), TENANTS[0], 1.0)
    assert admitted([*hung, other], at_work, (), Shares()) == [other]


def test_a_hanging_target_gives_its_place_to_others_of_its_tenant(station: Station) -> None:
    """More hang at their first attempt than the tenant has places."""
    listed = [target(0, number) for number in range(7)]
    hung = set(listed[: SHARES.tenant])
    hall = Hall(station, listed)
    hall.hanging = lambda to: to in hung
    hall.open(1)
    hall.until_sent(3)
    assert {sent.target for sent in hall.sent} == set(listed) - hung
    assert hall.at_work == len(hung)
    hall.held.set()
    hall.dispatcher.close()


def test_targets_known_to_be_slow_have_few_places() -> None:
    listed = [target(0, number) for number in range(6)]
    due = [Pending(each.target_id, each.tenant_id, 0.0) for each in listed]
    slow = {each.target_id for each in listed}
    assert len(admitted(due, {}, slow, SHARES)) == SHARES.tenant_slow


FLOOD = Pacing(most_per_hour=3)
HOURLY = Pacing(most_per_hour=100, digest_every_s=3600)


@pytest.mark.parametrize(("pacing", "single"), [(FLOOD, 3), (HOURLY, 0)])
def test_a_flood_is_gathered_into_one_message(
    station: Station, pacing: Pacing, single: int
) -> None:
    to = target(0, 1, pacing=pacing)
    channel = MemoryChannel("webhook")
    sender = station.sender(channel, to)
    for number in range(10):
        about = alert(source_id=source(number))
        station.ledger.open(deliveries_for(about, [to]), "", station.now)
        station.clock.wait(1.0, NEVER)
    while sender.turn() == 0.0:
        pass
    assert [sent.purpose for sent in channel.sent] == ["alert"] * single
    channel.receipts = [Receipt(False, "HTTP 503", again=True)]
    for _ in range(3):
        station.clock.wait(3600.0, NEVER)
        while sender.turn() == 0.0:
            pass
    digests = channel.sent[single:]
    assert [sent.purpose for sent in digests] == ["digest", "digest"]
    assert digests[0].delivery_id == digests[1].delivery_id
    assert digests[0].members == digests[1].members
    told = [member.alert.source_id for member in digests[0].members]
    assert told == [source(number) for number in range(single, 10)]
    events = [report.message for report in station.outbox.unsent(99, station.now)]
    delivered = [event for event in events if event.outcome == "delivered"]
    assert {event.source_id for event in delivered} == {source(n) for n in range(10)}
    assert len({event.delivery_id for event in delivered}) == 10


def test_an_escalation_is_due_later_and_dropped_once_somebody_acknowledged(
    station: Station,
) -> None:
    to, channel = target(0, 1, after_s=300.0), MemoryChannel("webhook")
    sender = station.sender(channel, to)
    first, second = (alert(source_id=source(number)) for number in (1, 2))
    for about in (first, second):
        station.ledger.open(deliveries_for(about, [to]), "", station.now)
    assert sender.turn() > 0
    station.ledger.settle(first.alert_id, station.now)
    station.clock.wait(301.0, NEVER)
    while sender.turn() == 0.0:
        pass
    (sent,) = channel.sent
    assert (sent.alert.alert_id, sent.purpose) == (second.alert_id, "escalation")


def test_an_acknowledgement_that_comes_before_its_alert_counts(station: Station) -> None:
    to, channel, about = target(0, 1, after_s=300.0), MemoryChannel("webhook"), alert()
    station.ledger.settle(about.alert_id, station.now)
    station.ledger.open(deliveries_for(about, [to]), "", station.now)
    station.clock.wait(301.0, NEVER)
    sender = station.sender(channel, to)
    while sender.turn() == 0.0:
        pass
    assert channel.sent == []
    assert station.ledger.pending(station.now) == []
