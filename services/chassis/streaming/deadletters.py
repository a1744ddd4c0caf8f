"""Dead letters, and the limits that keep a broken deploy from draining a topic into them."""

from dataclasses import dataclass
from typing import NamedTuple

from schemas.deadletters import DeadLetter
from schemas.topics import Topic, dead_letters
from services.chassis.clock import Clock
from services.chassis.streaming.records import Outgoing, Record


class DeadLetterLimitExceeded(Exception):
    """Too much is invalid to be the fault of single messages: the service must stop."""


@dataclass(frozen=True)
class DeadLetterLimit:
    """Stop after so many in a row, past a share of the latest `window` records or more, or after
    so many in a row that each took the service down.
    """

    max_consecutive: int = 5_000
    max_ratio: float = 0.5
    window: int = 20_000
    max_crashes: int = 3


class LetterCounts(NamedTuple):
    """What is kept over restarts, beside the commits: a crash loop does not begin anew. It starts
    from nothing where the group's offsets are set by hand.
    """

    consecutive: int = 0
    invalid: int = 0
    seen: int = 0
    crashes: int = 0


class DeadLetterCount:
    """Watches one topic's share of invalid records. Raises DeadLetterLimitExceeded."""

    def __init__(self, limit: DeadLetterLimit, counts: LetterCounts = LetterCounts()) -> None:
        self._limit, self.counts = limit, counts

    def valid(self, records: int = 1) -> None:
        _, invalid, seen, _ = self.counts
        self.counts = self._halved(LetterCounts(0, invalid, seen + records, 0))

    def invalid(self) -> None:
        """Call it before the dead letter is written: the one too many stays on its topic."""
        consecutive, invalid, seen, crashes = self.counts
        counts = LetterCounts(consecutive + 1, invalid + 1, seen + 1, crashes)
        if counts.consecutive > self._limit.max_consecutive:
            raise DeadLetterLimitExceeded(f"{counts.consecutive} invalid records in a row")
        share = self._limit.max_ratio * counts.seen
        if counts.seen >= self._limit.window and counts.invalid > share:
            raise DeadLetterLimitExceeded(
                f"{counts.invalid} of the latest {counts.seen} records are invalid"
            )
        self.counts = self._halved(counts)

    def crash(self) -> None:
        """A record that took the service down is put aside."""
        if self.counts.crashes >= self._limit.max_crashes:
            raise DeadLetterLimitExceeded(
                f"after {self.counts.crashes} records in a row that took the service down another "
                "one does: the fault is not the records'"
            )
        self.invalid()
        self.counts = self.counts._replace(crashes=self.counts.crashes + 1)

    def _halved(self, counts: LetterCounts) -> LetterCounts:
        """Older records count for less and less."""
        if counts.seen < 2 * self._limit.window:
            return counts
        return counts._replace(invalid=counts.invalid // 2, seen=counts.seen // 2)


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
        record_headers={name: value for name, value in record.headers.items() if value is not None},
        failed_at=clock.now(),
    )
    return Outgoing(dead_letters(topic), letter, record.headers)
