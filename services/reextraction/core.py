"""What a replay from recordings needs of each source, and how much of that there was. Pure.

A stretch is cut with a margin on both sides, so that windows, the context of heads and episodes
that are open at its ends are as they were; only the stretch itself is counted.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from schemas.clips import ClipRecorded
from schemas.replays import ExtractionProgressed, ReplayRequested

MARGIN = timedelta(minutes=10)
MOST_FAULTS = 5
"""So many sentences are told; of more it is said how many."""
SENTENCE_CHARS = 1000
State = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Stretch:
    """From `since` up to, and without, `until`."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, request: ReplayRequested) -> Self:
        return cls(request.since, request.until)

    @property
    def length_s(self) -> float:
        return (self.until - self.since).total_seconds()

    @property
    def with_margin(self) -> "Stretch":
        return Stretch(self.since - MARGIN, self.until + MARGIN)

    def parts(self, length: timedelta) -> Iterator["Stretch"]:
        """It, in order, in parts of that length; the last may be shorter."""
        since = self.since
        while since < self.until:
            yield Stretch(since, min(since + length, self.until))
            since += length

    def shared_with(self, since: datetime, until: datetime) -> float:
        """Seconds of it that lie between the two moments."""
        both = min(self.until, until) - max(self.since, since)
        return max(both.total_seconds(), 0.0)


@dataclass
class Tally:
    """Seconds of footage, as `ExtractionProgressed` has them, and what went wrong."""

    seconds_planned: float = 0.0
    seconds: float = 0.0
    seconds_missing: float = 0.0
    clips: int = 0
    elapsed_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    """Sentences, in the order in which they came up."""

    def to_map(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str | None:
        more = len(self.faults) - MOST_FAULTS
        told = [*self.faults[:MOST_FAULTS], *([f"And {more} more."] if more > 0 else [])]
        return " ".join(told)[:SENTENCE_CHARS] or None

    def message(
        self, request: ReplayRequested, state: State, now: datetime
    ) -> ExtractionProgressed:
        counts = self.to_map()
        del counts["faults"]
        return ExtractionProgressed(
            run=request.run,
            requested_at=request.requested_at,
            state=state,
            error=self.sentence,
            progressed_at=now,
            **counts,
        )


class Coverage:
    """Of one source: counts its clips into the tally while they are cut, and at the end what was
    missing. Clips come in order.
    """

    def __init__(self, tally: Tally, wanted: Stretch) -> None:
        """The whole stretch is planned, of a camera; an upload says how long it is (`narrow`)."""
        self._tally, self._wanted = tally, wanted
        self._reached = wanted.since
        self._covered_s = 0.0
        self._before_s = tally.seconds
        tally.seconds_planned += wanted.length_s

    def narrow(self, since: datetime, until: datetime) -> None:
        """There is no more than this of it, as nothing else was ever filmed."""
        length_s = self._wanted.length_s
        narrowed = Stretch(max(self._wanted.since, since), min(self._wanted.until, until))
        self._wanted = narrowed if narrowed.length_s > 0 else Stretch(since, since)
        self._reached = self._wanted.since
        self._tally.seconds_planned += self._wanted.length_s - length_s

    def take(self, clip: ClipRecorded) -> None:
        since, until = clip.moment(clip.start_s), clip.moment(clip.end_s)
        self._covered_s += self._wanted.shared_with(max(since, self._reached), until)
        self._reached = max(self._reached, min(until, self._wanted.until))
        gone_s = (self._reached - self._wanted.since).total_seconds()
        self._tally.seconds = self._before_s + gone_s
        self._tally.clips += 1

    def end(self) -> None:
        """Nothing more comes of this source."""
        length_s = self._wanted.length_s
        self._tally.seconds = self._before_s + length_s
        self._tally.seconds_missing += max(length_s - self._covered_s, 0.0)
