"""A worker that makes evidence, as tests drive it."""

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.alerts.core.spans import Evidence
from services.alerts.evidence import EvidenceWorker, Making
from services.alerts.evidence_queue import EvidenceTask
from services.alerts.footage import PaintedFootage
from services.alerts.holds import HeldStretches
from services.alerts.pack.sealing import Sealing
from tests.unit.alerts.room import KEY, Station

NEVER = threading.Event()


@dataclass
class EvidenceCase:
    """A station with one evidence worker."""

    station: Station
    footage: Any = field(default_factory=PaintedFootage)
    settled: list[EvidenceTask] = field(default_factory=list)
    held: HeldStretches = field(default_factory=HeldStretches)

    def __post_init__(self) -> None:
        station = self.station
        shared = Making(
            station.queue,
            {"upload": self.footage},
            station.store,
            station.watch,
            station.clock,
            Sealing(station.store, KEY, station.clock),
            station.people,
            self.held,
        )
        self.worker = EvidenceWorker(shared, self.settled.append)

    def wants(self, about: Any) -> bool:
        return self.station.queue.want(about, "door 2", self.station.now)

    def work_until_idle(self) -> None:
        for _ in range(1000):
            pause_s = self.worker.turn()
            if self.station.queue.next_due() is None:
                return
            self.station.clock.wait(pause_s, NEVER)
        pytest.fail("the worker never rests")

    def present(self, about: Any) -> Evidence:
        found = self.station.queue.present(about.alert_id)
        assert found is not None
        return found
