"""A channel and what it sends, as tests drive it."""

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from schemas.deliveries import DeliveryAttempted
from schemas.topics import DELIVERIES
from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Target, deliveries_for
from services.alerts.core.spans import Evidence
from services.alerts.outbox import OutboxRelay
from services.chassis.streaming.publisher import MemoryPublisher
from tests.builders import source
from tests.unit.alerts.room import OWNER, Station, alert

NEVER = threading.Event()


@dataclass
class SendingCase:
    """A station with one sender."""

    station: Station
    target: Target = OWNER
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)

    def __post_init__(self) -> None:
        self.sender = self.station.sender(self.channel, self.target)

    def opened(self, *numbers: int) -> None:
        for number in numbers or (1,):
            deliveries = deliveries_for(alert(source_id=source(number)), [self.target])
            self.station.ledger.open(deliveries, "", self.station.now)

    def events(self, publisher: MemoryPublisher | None = None) -> list[DeliveryAttempted]:
        OutboxRelay(self.station.outbox, publisher or self.publisher, self.station.clock).turn()
        found = self.publisher.messages(DELIVERIES)
        return [event for event in found if isinstance(event, DeliveryAttempted)]

    def work_until_idle(self) -> None:
        for _ in range(5000):
            pause_s = self.sender.turn()
            if pause_s >= 30 and self.station.ledger.next_due(self.target) is None:
                return
            self.station.clock.wait(pause_s, NEVER)
        pytest.fail("the sender never rests")


def picture_lies_there(station: Station, about: Any) -> None:
    station.queue.want(about, "door 2", station.now)
    task = station.queue.claim(station.now)
    assert task is not None
    station.queue.close(task, Evidence(about.peak_s), "done", None, station.now)
