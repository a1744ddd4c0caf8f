"""A replay: a stretch of the log through the cores of judging and episodes, under a run of its own.

It begins before the stretch, so that heads have their context, budgets their days, and an episode
that was open when the stretch begins is the same one as in the live run. It goes on after `until`
for as long as something is open, so that each alert has its end. Pure.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from schemas.policies import PolicySet
from schemas.poses import PosesExtracted
from services.rules.budget import MOST_DAYS
from services.scoring.episodes.silence import Bounds
from services.scoring.judging.detector import Detector
from services.scoring.replay.judging import Judging
from services.scoring.replay.rows import Header, Row
from services.scoring.replay.stepping import Output, Stepping, Stretch

LONGEST_EPISODE_S = 3600.0
"""What is read before the stretch, and after it at most, beside the context of the heads."""
LEARNING = timedelta(days=MOST_DAYS + 1)
"""So much more is read before it of a source with a budget: marks are made of that many days."""


class Replay:
    """Takes rows of any sources, a batch at a time; those of a source in the order of the log."""

    def __init__(
        self,
        detector: Detector,
        stretch: Stretch,
        policy_of: Callable[[UUID], PolicySet | None] = lambda _: None,
        bounds: Bounds = Bounds(),
    ) -> None:
        self.detector, self.stretch = detector, stretch
        self.judging = Judging(detector)
        self.stepping = Stepping(detector, stretch, policy_of, bounds)
        self.windows = 0
        """How many were judged."""
        self._reaches: dict[Header, tuple[float, float]] = {}

    @property
    def refused(self) -> int:
        """How many windows of the detector's backbone it cannot judge."""
        return self.judging.refused

    @property
    def clips(self) -> int:
        """How many were scored within the stretch."""
        return self.stepping.blocks.clips

    @property
    def margin(self) -> timedelta:
        """How far after the stretch it goes, and before it where there is no budget."""
        card = self.detector.heads[0].card
        context_s = (self.detector.context + 1) * card.window * card.spec.hop_s
        return timedelta(seconds=LONGEST_EPISODE_S + context_s)

    def lead(self, source_id: UUID) -> timedelta:
        """How far before the stretch it begins with a source."""
        return self.margin + (LEARNING if self.stepping.has_budget(source_id) else timedelta())

    def near(self, sources: Collection[UUID]) -> tuple[datetime, datetime]:
        """From when on, and until when, something of these sources matters."""
        lead = max(self.lead(source_id) for source_id in sources)
        return self.stretch.since - lead, self.stretch.until + self.margin

    def take(self, batch: Sequence[Row | PosesExtracted]) -> Iterator[Output]:
        """Alerts before the scores that count them; scores may wait until `flush`."""
        seen = self.judging.take([one for one in batch if self._is_near(one)])
        self.windows += len(seen.rows)
        yield from self.stepping.take(seen)

    def flush(self) -> Iterator[Output]:
        """Scores that wait for more of their block."""
        yield from self.stepping.blocks.flush()

    def finish(self) -> Iterator[Output]:
        """The log ends: what is open of the stretch ends with it."""
        yield from self.stepping.finish()

    def _is_near(self, one: Row | PosesExtracted) -> bool:
        if isinstance(one, PosesExtracted):
            at, stretch = one.moment(one.clip.start_s), self.stretch
            lead = self.lead(one.source_id)
            is_near = stretch.since - lead <= at < stretch.until + self.margin
            return is_near and stretch.has(one.source_id)
        reach = self._reaches.get(one.of)
        if reach is None:
            reach = self._reaches[one.of] = self._reach(one.of)
        return reach[0] <= one.first_s < reach[1]

    def _reach(self, of: Header) -> tuple[float, float]:
        """Which seconds from the origin are near the stretch."""
        if not self.stretch.has(of.source_id):
            return 0.0, 0.0
        since = self.stretch.since - self.lead(of.source_id)
        until = self.stretch.until + self.margin
        return _seconds(since, of.origin_at), _seconds(until, of.origin_at)


def _seconds(moment: datetime, origin_at: datetime) -> float:
    return (moment - origin_at).total_seconds()


__all__ = ["Output", "Replay", "Stretch"]
