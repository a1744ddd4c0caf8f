"""A replay: a stretch of the log through the cores of judging and episodes, under a run of its own.

It begins before the stretch, so that heads have their context and an episode that was open when the
stretch begins is the same one as in the live run; before `since` nothing is put out. It goes on
after `until` for as long as something is open, so that each alert has its end. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from schemas.alerts import ClosedReason
from schemas.clips import ClipRef, SequenceId
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from schemas.scores import ClipScored
from services.chassis.errors import InvalidMessage
from services.rules.persistence import Change
from services.scoring.episodes.core import Outcome, close_all, step
from services.scoring.episodes.messages import Alert, alerts
from services.scoring.episodes.policy import Cards, Terms
from services.scoring.episodes.silence import Bounds
from services.scoring.episodes.state import SourceState
from services.scoring.judging.core import Seen, follow, judge, window_of
from services.scoring.judging.detector import Detector
from services.scoring.judging.past import Past

Output = Alert | ClipScored
LONGEST_EPISODE_S = 3600.0
"""What is read before the stretch, and after it at most, beside the context of the heads."""


@dataclass(frozen=True)
class Stretch:
    """Which clips are replayed: those that begin at `since` or later and before `until`."""

    run: str
    since: datetime
    until: datetime
    sources: frozenset[UUID] = frozenset()
    """Only these; empty: all."""

    def has(self, source_id: UUID) -> bool:
        return not self.sources or source_id in self.sources


@dataclass
class Replay:
    """Takes messages of any sources in the order of the log, a batch at a time."""

    detector: Detector
    stretch: Stretch
    policy_of: Callable[[UUID], PolicySet | None] = lambda _: None
    bounds: Bounds = field(default_factory=Bounds)
    windows: int = 0
    """How many were judged."""
    refused: int = 0
    """How many messages of the detector's backbone it cannot judge: of another window or spec."""
    _pasts: dict[SequenceId, Past] = field(default_factory=dict)
    _states: dict[SequenceId, SourceState] = field(default_factory=dict)
    _entered: set[SequenceId] = field(default_factory=set)
    """Sequences of which something was put out."""

    def __post_init__(self) -> None:
        self._cards = Cards(tuple(head.card for head in self.detector.heads))

    @property
    def margin(self) -> timedelta:
        """How far before the stretch it begins, and how far after it it may go."""
        card = self.detector.heads[0].card
        context_s = (self.detector.context + 1) * card.window * card.spec.hop_s
        return timedelta(seconds=LONGEST_EPISODE_S + context_s)

    def take(self, batch: Sequence[Seen]) -> Iterator[Output]:
        """Alerts before the scores that count them."""
        followed = []
        for message in filter(self._is_near, batch):
            try:
                window = window_of(self.detector, message)
            except InvalidMessage:
                self.refused += 1
                continue
            past, rows = follow(self._pasts.get(message.sequence), window, 0, self.detector)
            self._pasts[message.sequence] = past
            if rows is not None:
                followed.append((window, rows))
        self.windows += len(followed)
        for judged in judge(self.detector, self.stretch.run, followed):
            yield from self._judged(judged)

    def finish(self) -> Iterator[Output]:
        """The log ends: what is open of the stretch ends with it."""
        for sequence in sorted(self._entered):
            if (state := self._states.get(sequence)) is not None:
                reason: ClosedReason = "subsided" if state.is_late else "source_silent"
                yield from close_all(state, reason).alerts

    def _is_near(self, message: Seen) -> bool:
        clip = message.clips[0] if isinstance(message, EmbeddingExtracted) else message.clip
        at, stretch = message.moment(clip.start_s), self.stretch
        is_near = stretch.since - self.margin <= at < stretch.until + self.margin
        is_ours = message.backbone == self.detector.backbone and stretch.has(message.source_id)
        return is_near and is_ours

    def _judged(self, judged: ClipJudged) -> Iterator[Output]:
        sequence, before = judged.sequence, self._states.get(judged.sequence)
        is_after = judged.moment(judged.clips[0].start_s) >= self.stretch.until
        if is_after and not (before and before.has_open):
            return
        silenced = self._silence(before, judged)
        terms = self._terms(judged.source_id, is_muted=is_after)  # after the stretch nothing opens
        outcome = step(
            silenced.state if silenced else None, judged, terms, (self.detector.backbone,)
        )
        self._states[sequence] = outcome.state
        if judged.moment(judged.clips[-1].start_s) < self.stretch.since:
            return
        if sequence not in self._entered:
            self._entered.add(sequence)
            yield from _open_ones(before)
        yield from silenced.alerts if silenced else ()
        yield from outcome.alerts
        if outcome.score and (clips := self._inside(outcome.score)):
            yield outcome.score.model_copy(update={"clips": clips})

    def _silence(self, state: SourceState | None, judged: ClipJudged) -> Outcome | None:
        """What the wall clock closed in the live run, as far as moments of cutting show it: of
        what came late they show nothing.
        """
        if state is None:
            return None
        if state.is_late:
            return Outcome(state)
        is_camera = state.source_kind == "camera"
        window_s = self.detector.heads[0].card.window * state.life.spec.duration_s
        bound_s = self.bounds.camera_s + window_s if is_camera else self.bounds.upload_s
        if judged.cut_at - state.cut_at <= timedelta(seconds=bound_s):
            return Outcome(state)
        return close_all(state, "source_silent")

    def _inside(self, score: ClipScored) -> tuple[ClipRef, ...]:
        since, until = self.stretch.since, self.stretch.until
        return tuple(ref for ref in score.clips if since <= score.moment(ref.start_s) < until)

    def _terms(self, source_id: UUID, is_muted: bool = False) -> Mapping[str, Terms]:
        terms = self._cards.terms(self.policy_of(source_id))
        if is_muted:
            return {name: replace(one, is_muted=True) for name, one in terms.items()}
        return terms


def _open_ones(state: SourceState | None) -> Iterator[Output]:
    """An episode that is open already when the stretch begins, as it is then."""
    if state is None:
        return
    for detector in state.detectors.values():
        for model_id, model in detector.models.items():
            if model.opened_by and (episode := model.state.episode):
                opened = Change("opened", episode)
                yield from alerts(state, model_id, model.opened_by, [opened])
