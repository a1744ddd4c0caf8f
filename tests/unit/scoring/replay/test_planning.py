"""What a replay is estimated to take: reading and judging, not what comes once."""

from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any

import pytest

from schemas.topics import POLICIES
from services.chassis.clock import ManualClock
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.replay import planning
from services.scoring.replay.core import Replay
from services.scoring.replay.inputs import Batch
from services.scoring.replay.log import Span
from tests.unit.scoring.replay.jobs import request
from tests.unit.scoring.replay.outputs import rows
from tests.unit.scoring.replay.test_core import DETECTOR, HIGHS, footage

BATCH_S, CONNECTING_S, BATCHES = 0.5, 10.0, 12


class SlowToBegin:
    """Gives nothing for a while, then a batch every half second, at each of two places."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self.rows = clock, rows(footage(HIGHS, sources=3))  # type: ignore[arg-type]

    def span(self, replay: Replay) -> Span:
        return Span({0: 0}, {0: self.size(Span({}, {}), replay)})

    def size(self, span: Span, replay: Replay) -> int:
        return BATCHES * len(self.rows)

    def samples(self, span: Span, replay: Replay) -> Iterator[Iterator[Batch]]:
        yield from (self._sample(), self._sample())

    def batches(
        self, span: Span, replay: Replay, place: Mapping[str, Any] | None, most: int
    ) -> Iterator[Batch]:
        yield from self._sample()

    def place(self) -> Mapping[str, Any]:
        return {}

    def _sample(self) -> Iterator[Batch]:
        for _ in range(10):
            self._clock.wait(CONNECTING_S / 10, Event())
            yield Batch((), 0)
        for _ in range(BATCHES):
            self._clock.wait(BATCH_S, Event())
            yield Batch(self.rows, len(self.rows))


def test_until_records_come_is_no_part_of_what_it_takes() -> None:
    clock = ManualClock()
    broker = MemoryBroker([POLICIES])
    plan = planning.plan(request(), DETECTOR, broker, SlowToBegin(clock), clock)
    assert plan.estimated_s == pytest.approx(BATCHES * BATCH_S)
