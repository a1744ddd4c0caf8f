"""Laws of several workers over one ledger, whatever happens in which order."""

import threading
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Receipt, deliveries_for
from services.alerts.core.notice import Notice
from services.alerts.ledger import Task
from services.chassis.clock import ManualClock
from tests.builders import source
from tests.unit.alerts.room import GUARD, OWNER, Station, alert

TARGETS = (OWNER, GUARD)
NEVER = threading.Event()
BUSY = Receipt(False, "451 busy", again=True)


class World:
    """Two workers over one database; each may be killed in the middle of an attempt and started
    again under another name.
    """

    def __init__(self) -> None:
        self.engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        self.clock = ManualClock()
        self.lives = 0
        self.sent: Counter[object] = Counter()
        self.kills: Counter[object] = Counter()
        self.rivals: list[Task | None] = []
        self.workers = [self.start(), self.start()]
        self.opened: set[object] = set()

    def start(self) -> Station:
        self.lives += 1
        return Station(self.engine, f"life {self.lives}", self.clock)

    def open(self, number: int) -> None:
        deliveries = deliveries_for(alert(source_id=source(number)), TARGETS)
        self.workers[0].ledger.open(deliveries, "", self.clock.now().timestamp())
        self.opened.update(delivery.delivery_id for delivery in deliveries)

    def turn(self, worker: int, target: int, fate: str) -> None:
        """One turn of a worker. While it is at work the other tries the same target."""

        def during(notice: Notice) -> None:
            self.sent[notice.delivery_id] += fate != "busy"
            rival = self.workers[1 - worker]
            self.rivals.append(rival.ledger.claim(notice.target, rival.now))

        channel = MemoryChannel(before=during)
        channel.receipts = [BUSY] if fate == "busy" else []
        station = self.workers[worker]
        if fate == "killed":
            task = station.ledger.claim(TARGETS[target], station.now)
            if task is not None:
                self.sent[task.delivery_id] += 1
                self.kills[task.delivery_id] += 1
            self.workers[worker] = self.start()
            return
        station.sender(channel, TARGETS[target]).turn()

    def happen(self, event: tuple[Any, ...]) -> None:
        kind, *arguments = event
        if kind == "wait":
            self.clock.wait(arguments[0], NEVER)
        else:
            getattr(self, kind)(*arguments)

    def go_on(self) -> None:
        """Nothing more goes wrong: until there is nothing to send."""
        for _ in range(200):
            for worker, target in ((0, 0), (1, 1), (1, 0), (0, 1)):
                self.turn(worker, target, "fine")
            self.clock.wait(20.0, NEVER)
            if all(self.workers[0].ledger.next_due(target) is None for target in TARGETS):
                return
        raise AssertionError("the workers never rest")


OPENED = st.tuples(st.just("open"), st.integers(0, 5))
TURNED = st.tuples(
    st.just("turn"),
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from(["fine", "fine", "busy", "killed"]),
)
WAITED = st.tuples(st.just("wait"), st.sampled_from([0.5, 5.0, 40.0]))
EVENTS = st.lists(st.one_of(OPENED, TURNED, WAITED), max_size=25)


@settings(max_examples=25)
@given(EVENTS)
def test_every_delivery_is_made_once_and_again_only_after_a_kill(events: list[Any]) -> None:
    world = World()
    for event in events:
        world.happen(event)
    world.go_on()
    for delivery_id in world.opened:
        assert 1 <= world.sent[delivery_id] <= 1 + world.kills[delivery_id]
    assert set(world.rivals) <= {None}
    world.engine.dispose()
