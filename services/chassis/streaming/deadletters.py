"""Dead letters, and the limit that keeps a broken deploy from draining a topic into them."""

from collections import deque
from dataclasses import dataclass

from schemas.deadletters import DeadLetter
from schemas.topics import Topic, dead_letters
from services.chassis.clock import Clock
from services.chassis.streaming.records import Outgoing, Record


class DeadLetterLimitExceeded(Exception):
    """Too much is invalid to be the fault of single messages: the service must stop."""


@dataclass(frozen=True)
class DeadLetterLimit:
    """Stop after so many in a row, or past a share of the latest `window` records."""

    max_consecutive: int = 5_000
    max_ratio: float = 0.5
    window: int = 20_000


class DeadLetterCount:
    """Watches one topic's share of invalid records. Raises DeadLetterLimitExceeded."""

    def __init__(self, limit: DeadLetterLimit) -> None:
        self._limit = limit
        self._consecutive = 0
        self._recent: deque[bool] = deque(maxlen=limit.window)
        self._invalid = 0

    def valid(self) -> None:
        self._consecutive = 0
        self._remember(False)

    def invalid(self) -> None:
        self._consecutive += 1
        self._remember(True)
        if self._consecutive > self._limit.max_consecutive:
            raise DeadLetterLimitExceeded(f"{self._consecutive} invalid records in a row")
        full = len(self._recent) == self._limit.window
        if full and self._invalid > self._limit.max_ratio * self._limit.window:
            raise DeadLetterLimitExceeded(
                f"{self._invalid} of the latest {self._limit.window} records are invalid"
            )

    def _remember(self, invalid: bool) -> None:
        if len(self._recent) == self._limit.window:
            self._invalid -= self._recent[0]
        self._recent.append(invalid)
        self._invalid += invalid


def dead_letter(topic: Topic, record: Record, consumer: str, reason: str, clock: Clock) -> Outgoing:
    """The record, byte for byte, on its way to the topic's dead-letter twin."""
    letter = DeadLetter(
        topic=record.partition.topic,
        partition=record.partition.number,
        offset=record.offset,
        consumer=consumer,
        reason=reason[:2000],
        record_key=record.key,
        record_value=record.value,
        failed_at=clock.now(),
    )
    return Outgoing(dead_letters(topic), letter, record.headers)
