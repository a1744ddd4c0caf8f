"""Judged windows become alerts and scores: the episodes of the live stream, as fast as they allow.

Quiet stretches are jumped over, all else goes through `episodes.core` window by window (ADR 0049).
Before the stretch nothing is put out; an episode that is open when it begins is put out as it is
then. After it nothing opens, and what is open is followed to its end.
Shapes: W windows, H heads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from schemas.alerts import Alert, AlertOpened, ClosedReason
from schemas.clips import SequenceId
from schemas.judgements import ClipJudged
from schemas.policies import PolicySet
from schemas.scores import ClipsScored
from services.rules.learning import NOTHING, Stamp
from services.rules.persistence import Change
from services.scoring.episodes.budgets import (
    Learned,
    has_budget,
    key,
    learn_from,
    marks,
    raise_terms,
    with_alarms,
)
from services.scoring.episodes.core import Taken, close_all, take
from services.scoring.episodes.messages import alerts
from services.scoring.episodes.policy import Cards, Terms
from services.scoring.episodes.silence import Bounds
from services.scoring.episodes.state import SourceState
from services.scoring.judging.detector import Detector
from services.scoring.replay.blocks import Piece, ScoreBlocks
from services.scoring.replay.judging import Seen
from services.scoring.replay.quiet import blocks_of, calibrated, is_quiet, jumped, learned_from
from services.scoring.replay.rows import Header, Row
from services.scoring.replay.windows import Part, Windows, micros

Output = Alert | ClipsScored
Floats = NDArray[np.float64]


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


class Stepping:
    """Keeps the states of all sources. Outputs come in order: alerts before the scores that count
    them.
    """

    def __init__(
        self,
        detector: Detector,
        stretch: Stretch,
        policy_of: Callable[[UUID], PolicySet | None],
        bounds: Bounds,
    ) -> None:
        self._detector, self._stretch, self._bounds = detector, stretch, bounds
        self._policy_of, self._backbones = policy_of, (detector.backbone,)
        self._cards = Cards(tuple(head.card for head in detector.heads))
        self._since_us, self._until_us = micros(stretch.since), micros(stretch.until)
        self._entered_terms: dict[UUID, Mapping[str, Terms]] = {}
        self._groups: dict[Header, str] = {}
        self._raised: dict[UUID, tuple[tuple[Stamp, ...], Mapping[str, Terms]]] = {}
        self.blocks = ScoreBlocks(detector, stretch.run)
        self.states: dict[SequenceId, SourceState] = {}
        self.learned: dict[UUID, Learned] = {}
        self.entered: set[SequenceId] = set()
        """Sequences of which something was put out, or would have been."""

    def take(self, seen: Seen) -> Iterator[Output]:
        for windows in self._grouped(seen):
            yield from self._walk(windows)

    def finish(self) -> Iterator[Output]:
        """The log ends: what is open of the stretch ends with it."""
        for sequence in sorted(self.entered):
            if (state := self.states.get(sequence)) is not None:
                reason: ClosedReason = "subsided" if state.is_late else "source_silent"
                yield from close_all(state, reason).alerts
        yield from self.blocks.flush()

    def has_budget(self, source_id: UUID) -> bool:
        """Whether a mark of the source depends on what its scores showed before."""
        return has_budget(self._terms_of(source_id))

    def _grouped(self, seen: Seen) -> Iterator[Windows]:
        """By sequence; where sequences of a source learn from one another, in their order."""
        groups: dict[str, list[int]] = {}
        for number, row in enumerate(seen.rows):
            groups.setdefault(self._group_of(row.of), []).append(number)
        for numbers in groups.values():
            start = 0
            for stop in range(1, len(numbers) + 1):
                of = seen.rows[numbers[start]].of
                if stop < len(numbers) and seen.rows[numbers[stop]].of is of:
                    continue
                part = numbers[start:stop]
                yield self._windows([seen.rows[number] for number in part], seen.score_NH[part])
                start = stop

    def _group_of(self, of: Header) -> str:
        if (name := self._groups.get(of)) is None:
            name = of.source_id.hex if self.has_budget(of.source_id) else of.name
            self._groups[of] = name
        return name

    def _windows(self, rows: Sequence[Row], score_WH: Floats) -> Windows:
        of = rows[0].of
        state = self.states.get(of.sequence)
        is_same = state is not None and state.life == of.life
        next_index = state.detector(self._detector.backbone).next_index if is_same and state else 0
        return Windows(of, rows, score_WH, next_index)

    def _walk(self, windows: Windows) -> Iterator[Output]:
        of, place = windows.of, 0
        entered = self._terms_of(of.source_id)
        calibrated_WH = _calibrated(windows, entered)
        made_of: Mapping[str, Terms] | None = None
        events: NDArray[np.int64] = np.empty(0, np.int64)
        while place < len(windows):
            state = self.states.get(of.sequence)
            stop = place
            if is_quiet(state, windows, self._detector.backbone, len(entered)):
                if windows.first_us[place] >= self._until_us:
                    return  # nothing opens any more, and time only goes on
                terms = self._in_force(of.source_id, entered)
                if made_of is not terms:
                    made_of, events = terms, self._events(windows, calibrated_WH, terms)
                stop = _next(events, place, len(windows))
                if entered is not terms:
                    stop = self._learned_until(windows, place, stop, entered)
            if stop > place:
                yield from self._jump(Part(windows, calibrated_WH, place, stop), entered)
                place = stop
            else:
                yield from self._step(Part(windows, calibrated_WH, place, place + 1), entered)
                place += 1

    def _events(
        self, windows: Windows, calibrated_WH: Floats, terms: Mapping[str, Terms]
    ) -> NDArray[np.int64]:
        """The windows that cannot be jumped over."""
        high_H = np.array([one.rule.high for one in terms.values()])
        is_high_W = (calibrated_WH >= high_H).any(axis=1)
        is_after_W = windows.first_us >= self._until_us
        return np.flatnonzero(is_high_W | ~windows.is_plain | is_after_W)

    def _learned_until(
        self, windows: Windows, place: int, stop: int, entered: Mapping[str, Terms]
    ) -> int:
        """How far a jump may go: no further than the block of time in which each model that has a
        budget has learned already.
        """
        if not _teaches(windows.of):
            return stop
        learned = self.learned.get(windows.of.source_id, {})
        blocks = {
            learned.get(key(self._stretch.run, name), NOTHING).quiet.block
            for name, one in entered.items()
            if one.rule.budget_per_day is not None
        }
        if len(blocks) > 1:
            return place
        other = np.flatnonzero(blocks_of(windows)[place:stop] != blocks.pop())
        return place + int(other[0]) if len(other) else stop

    def _jump(self, part: Part, entered: Mapping[str, Terms]) -> Iterator[Output]:
        of, backbone = part.windows.of, self._detector.backbone
        state, terms = self.states[of.sequence], self._in_force(of.source_id, entered)
        if entered is not terms and _teaches(of):
            learned = self.learned.get(of.source_id, {})
            learned = learned_from(learned, state, part, entered, backbone)
            self.learned[of.source_id] = learned
        rules = {name: one.rule for name, one in terms.items()}
        state = self.states[of.sequence] = jumped(state, part, rules, backbone)
        if part.windows.last_us[part.stop - 1] >= self._since_us:
            self.entered.add(of.sequence)
            yield from self._scores(part, state, terms)

    def _step(self, part: Part, entered: Mapping[str, Terms]) -> Iterator[Output]:
        windows, place = part.windows, part.start
        of = windows.of
        before = self.states.get(of.sequence)
        is_after = bool(windows.first_us[place] >= self._until_us)
        if is_after and not (before and before.has_open):
            return
        judged = windows.judged(place, self._detector, self._stretch.run)
        silenced = self._silence(before, judged)
        state = silenced.state if silenced else None
        terms = self._in_force(of.source_id, entered)
        taken = take(state, judged, _muted(terms) if is_after else terms, self._backbones)
        self.states[of.sequence] = taken.state
        if terms is not entered and taken.state is not state:
            learned = self.learned.get(of.source_id, {})
            learned = learn_from(learned, judged, taken.state, entered)
            opened = [one.model_id for one in taken.alerts if isinstance(one, AlertOpened)]
            self.learned[of.source_id] = with_alarms(learned, self._stretch.run, opened)
        if windows.last_us[place] < self._since_us:
            return
        if of.sequence not in self.entered:
            self.entered.add(of.sequence)
            yield from _open_ones(before)
        yield from silenced.alerts if silenced else ()
        yield from taken.alerts
        if taken.clips:
            yield from self._scores(part, taken.state, terms, taken.is_over)

    def _scores(
        self, part: Part, state: SourceState, terms: Mapping[str, Terms], is_last: bool = False
    ) -> Iterator[ClipsScored]:
        """Of the clips inside the stretch."""
        windows = part.windows
        start_us_C = windows.start_us[part.clips]
        is_inside_C = (start_us_C >= self._since_us) & (start_us_C < self._until_us)
        window_C = windows.window_of[part.clips][is_inside_C]
        piece = Piece(
            windows.indexes[part.clips][is_inside_C],
            windows.ends[part.clips][is_inside_C],
            windows.score_WH[window_C],
            part.calibrated_WH[window_C],
            part.cut_at,
            state.alerts_opened,
            is_last,
        )
        yield from self.blocks.add(windows.of, terms, piece)

    def _silence(self, state: SourceState | None, judged: ClipJudged) -> Taken | None:
        """What the wall clock closed in the live run, as far as moments of cutting show it: of
        what came late they show nothing.
        """
        if state is None:
            return None
        if state.is_late or not state.has_open:
            return Taken(state)
        is_camera = state.source_kind == "camera"
        window_s = self._detector.heads[0].card.window * state.life.spec.duration_s
        bound_s = self._bounds.camera_s + window_s if is_camera else self._bounds.upload_s
        if judged.cut_at - state.cut_at <= timedelta(seconds=bound_s):
            return Taken(state)
        closed = close_all(state, "source_silent")
        return Taken(closed.state, closed.alerts)

    def _terms_of(self, source_id: UUID) -> Mapping[str, Terms]:
        """As they were entered."""
        if (terms := self._entered_terms.get(source_id)) is None:
            terms = self._cards.terms(self._policy_of(source_id))
            self._entered_terms[source_id] = terms
        return terms

    def _in_force(self, source_id: UUID, entered: Mapping[str, Terms]) -> Mapping[str, Terms]:
        """With the marks that budgets ask for."""
        if not has_budget(entered):
            return entered
        learned, run = self.learned.get(source_id, {}), self._stretch.run
        asked = marks(learned, run, entered)
        made_of, terms = self._raised.get(source_id, (None, entered))
        if made_of != asked:
            terms = raise_terms(learned, run, entered)
            self._raised[source_id] = (asked, terms)
        return terms


def _calibrated(windows: Windows, terms: Mapping[str, Terms]) -> Floats:
    by_head = [
        calibrated(one.knots, windows.score_WH[:, place])
        for place, one in enumerate(terms.values())
    ]
    return np.stack(by_head, axis=1)


def _next(events: NDArray[np.int64], place: int, end: int) -> int:
    later = int(np.searchsorted(events, place))
    return int(events[later]) if later < len(events) else end


def _teaches(of: Header) -> bool:
    """Budgets learn from cameras alone, by what is neither late nor of an unknown time."""
    return of.source_kind == "camera" and not of.is_late and of.is_wall_clock


def _muted(terms: Mapping[str, Terms]) -> Mapping[str, Terms]:
    return {name: replace(one, is_muted=True) for name, one in terms.items()}


def _open_ones(state: SourceState | None) -> Iterator[Output]:
    """An episode that is open already when the stretch begins, as it is then."""
    if state is None:
        return
    for detector in state.detectors.values():
        for model_id, model in detector.models.items():
            if model.opened_by and (episode := model.state.episode):
                opened = Change("opened", episode)
                yield from alerts(state, model_id, model.opened_by, [opened])
