"""What a rule would have made of the scores that are kept of a source: the live stream's own core
over stored clips.

Hours in which nothing reached the high mark are not read, and clips far from any that did are not
looked at, unless an episode is open: they could change nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from schemas.hours import StoreHours
from schemas.policies import PersistenceRule, PresenceRule
from services.api.scores import reading
from services.api.scores.blocks import NOTHING, Scores, merged
from services.api.scores.reading import Found, Span
from services.api.scores.series import EPOCH
from services.chassis.hours import is_during
from services.rules.learning import Calibrated, in_force, learn, stamp
from services.rules.persistence import (
    Change,
    Episode,
    Moment,
    RuleState,
    advance,
    after_gap,
    opening_level,
)

CHUNK_H = 8


@dataclass
class Allowance:
    """How many clips may still be read, and looked at one by one, of rules with a budget all of
    them; and how many records of poses may be read.
    """

    read: int = 6_000_000
    fed: int = 600_000
    taught: int = 3_000_000
    records: int = 600_000

    @property
    def is_spent(self) -> bool:
        return self.read <= 0 or self.fed <= 0 or self.taught <= 0


class Spent(Exception):
    """The allowance does not last."""


@dataclass(frozen=True)
class Fired:
    """An alert that would have been raised. Between `opened_at` and `closed_at` it is open."""

    rule: PersistenceRule | PresenceRule
    started_at: datetime
    ended_at: datetime
    peak_score: float | None
    opened_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """A source, and by what it is judged: rules in force by name, and the hours of the store."""

    source_id: str
    run: str
    is_wall_clock: bool
    rules: Mapping[str, PersistenceRule]
    hours: StoreHours
    is_camera: bool = True


def replayed(
    connection: Connection, subject: Subject, span: Span, allowance: Allowance
) -> Iterator[Fired]:
    """What would have fired, rule by rule. Raises Spent."""
    grids: dict[tuple[object, ...], list[Found]] = defaultdict(list)
    for found in reading.series_between(connection, subject.source_id, subject.run, span):
        series = found.series
        grids[series.rule, series.model_id, series.origin_at, series.spec].append(found)
    for (name, *_), founds in grids.items():
        rule = subject.rules.get(str(name))
        if rule is not None:
            yield from _Replay(connection, subject, rule, founds, allowance).over(span)


@dataclass
class _Replay:
    """One rule over the clips of one model on one grid."""

    connection: Connection
    subject: Subject
    rule: PersistenceRule
    founds: Sequence[Found]
    allowance: Allowance
    state: RuleState = field(default_factory=RuleState)
    learned: Calibrated = field(default_factory=Calibrated)
    marked: PersistenceRule | None = None
    """The rule with the mark that was learned; None: as it was entered."""
    opened_by: PersistenceRule | None = None
    """The rule, its mark raised by then, under which the open episode opened."""
    opened_s: float = 0.0

    def over(self, span: Span) -> Iterator[Fired]:
        for chunk in self._chunks(span):
            for moment in self._moments(chunk):
                yield from self._take(moment)
                self._learn(moment)
        if (last := self.state.episode) is not None:
            yield self._fired(last, None)

    def _take(self, moment: Moment) -> Iterator[Fired]:
        """As the stream does: what is open goes on under the rule that opened it."""
        rule = self.marked or self.rule
        changes = list[Change]()
        if self.opened_by is not None:
            self.state, changes = after_gap(self.state, self.opened_by, moment)
            rule = self.opened_by if self.state.episode else rule
        may_open = moment.calibrated < rule.high or self._may_open(moment)
        self.state, more = advance(self.state, rule, moment, may_open)
        for change in (*changes, *more):
            if change.kind == "opened":
                self.opened_s = moment.end_s
            elif change.kind == "closed":
                yield self._fired(change.episode, moment)
        self.opened_by = rule if self.state.episode else None

    def _learn(self, moment: Moment) -> None:
        """What a clip teaches of a camera, where the rule has a budget."""
        if self._teaches and self.state.recent:
            level = opening_level(self.rule, self.state.recent)
            before = stamp(self.learned)
            self.learned = learn(self.learned, self.rule, self._at(moment.start_s), level)
            if stamp(self.learned) != before:
                self.marked = in_force(self.learned, self.rule)

    @property
    def _teaches(self) -> bool:
        is_timed = self.subject.is_camera and self.subject.is_wall_clock
        return is_timed and self.rule.budget_per_day is not None

    def _chunks(self, span: Span) -> Iterator[Span]:
        """Those that may matter, in order: asked for one by one, since it depends on the state."""
        names = [found.series_id for found in self.founds]
        tops = reading.hour_tops(self.connection, names, span)
        top_H = np.fmax.reduce(list(tops.values()))
        first, _ = reading.hours_of(span)
        for hour in range(0, len(top_H), CHUNK_H):
            is_hot = bool(np.any(top_H[hour : hour + CHUNK_H] >= self.rule.high - 1e-6))
            if not (is_hot or self._is_busy or self._teaches):
                continue
            begins = EPOCH + timedelta(hours=first + hour)
            ends = begins + timedelta(hours=CHUNK_H)
            chunk = Span(max(span.since, begins), min(span.until, ends))
            if chunk.since < chunk.until:
                yield chunk

    @property
    def _is_busy(self) -> bool:
        return self.state.episode is not None or self.state.waiting is not None

    def _moments(self, chunk: Span) -> Iterator[Moment]:
        """The clips of a chunk that may matter."""
        scores = self._read(chunk)
        high_K = np.flatnonzero(scores.calibrated_N >= self.rule.high)
        series = self.founds[0].series
        start_s_N = series.start_s(scores.index_N)
        place, count = 0, len(scores)
        while place < count:
            if not self._is_busy and not self._teaches:
                nearest = self._nearest(high_K, place)
                if nearest is None:
                    return
                place = nearest
            if self._teaches:
                self.allowance.taught -= 1
            else:
                self.allowance.fed -= 1
            if self.allowance.is_spent:
                raise Spent
            index, start_s = int(scores.index_N[place]), float(start_s_N[place])
            end_s = start_s + series.spec.duration_s - scores.short.get(index, 0.0)
            yield Moment(index, start_s, end_s, float(scores.calibrated_N[place]))
            place += 1

    def _nearest(self, high_K: "NDArray[np.intp]", place: int) -> int | None:
        """The next clip that counts while nothing is open: one of the n up to a high one, or of the
        n after it, since the next chunk may begin with another.
        """
        later = int(np.searchsorted(high_K, place))
        if later > 0 and place - int(high_K[later - 1]) <= self.rule.n:
            return place
        if later == len(high_K):
            return None
        return max(place, int(high_K[later]) - self.rule.n + 1)

    def _read(self, chunk: Span) -> Scores:
        scores = NOTHING
        for found in self.founds:
            part = reading.clips_between(self.connection, found, chunk, 10**9)
            scores = merged(scores, part) if len(scores) else part
        self.allowance.read -= len(scores)
        return scores

    def _may_open(self, moment: Moment) -> bool:
        if not self.subject.is_wall_clock:
            return True
        return is_during(self.subject.hours, self.rule.during, self._at(moment.start_s))

    def _at(self, media_s: float) -> datetime:
        return self.founds[0].series.origin_at + timedelta(seconds=media_s)

    def _fired(self, episode: Episode, closed: Moment | None) -> Fired:
        """`closed` is the clip that ended it; None: it is open at the end of the span."""
        return Fired(
            self.rule,
            self._at(episode.first.start_s),
            self._at(episode.last.end_s),
            episode.peak.calibrated,
            self._at(self.opened_s),
            self._at((closed or episode.last).end_s),
        )
