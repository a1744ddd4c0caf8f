"""What the heads of a detector give whole batches of windows, of many sources at once.

The same scores as `judging.core` gives window by window, but for the order of additions: heads
that look at one window alone take the windows of all sources in one product, causal ones a row of
a source at once; all others a row of its own for each window. Heads over people go the way of the
live stream, message by message.
Shapes: N windows, H heads, T windows of one row, C windows of context, D dimensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from schemas.clips import SequenceId
from schemas.poses import PosesExtracted
from services.chassis.errors import InvalidMessage
from services.scoring.cards import MismatchError
from services.scoring.episodes.state import Life, life_of_map, map_of_life
from services.scoring.heads import Head
from services.scoring.judging.core import Rows, Window, follow, scores, window
from services.scoring.judging.detector import Detector
from services.scoring.judging.past import Past, Vectors
from services.scoring.replay.pasts import map_of_past, past_of_map
from services.scoring.replay.rows import Header, Row

Integers = NDArray[np.int64]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """The windows of a batch that were judged, in its order, and their scores."""

    rows: Sequence[Row]
    score_NH: Scores


@dataclass
class _Latest:
    """Of one life of a sequence: the latest clip that was judged, and the latest windows as far as
    heads look back.
    """

    life: Life
    last: int = -1
    first_K: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    last_K: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    vector_KD: Vectors | None = None

    def to_map(self) -> dict[str, Any]:
        vectors = b"" if self.vector_KD is None else self.vector_KD.astype("<f4").tobytes()
        return {
            "life": map_of_life(self.life),
            "last": self.last,
            "firsts": self.first_K.tolist(),
            "lasts": self.last_K.tolist(),
            "vectors": vectors,
        }

    @classmethod
    def from_map(cls, content: Mapping[str, Any], dim: int) -> "_Latest":
        packed = np.frombuffer(content["vectors"], "<f4").reshape(-1, dim)
        return cls(
            life_of_map(content["life"]),
            content["last"],
            np.array(content["firsts"], np.int64),
            np.array(content["lasts"], np.int64),
            packed.astype(np.float32) if len(packed) else None,
        )


class Judging:
    """Keeps what heads depend on, by sequence."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._latest: dict[str, _Latest] = {}
        self._pasts: dict[SequenceId, Past] = {}
        self._ours: dict[Header, bool] = {}
        self.refused = 0
        """Windows that the detector cannot judge: of another spec, or with no finite scores."""

    def take(self, batch: Sequence[Row | PosesExtracted]) -> Seen:
        """Windows whose clips were judged before are left out."""
        poses = [one for one in batch if isinstance(one, PosesExtracted)]
        if poses:
            return self._look(poses)
        rows = self._usable([one for one in batch if isinstance(one, Row) and self._is_ours(one)])
        if not rows:
            return Seen((), np.empty((0, len(self._detector.heads))))
        vector_ND = _vectors(rows)
        parts = self._fresh(rows)
        taken = np.sort(np.fromiter(chain.from_iterable(part for _, part in parts), np.int64))
        score_NH = np.full((len(rows), len(self._detector.heads)), np.nan)
        for place, head in enumerate(self._detector.heads):
            if head.context == 1 and len(taken):
                score_NH[taken, place] = head.judge_row(vector_ND[taken])
        if self._detector.context > 1:
            for latest, numbers in parts:
                self._look_back(latest, rows, np.array(numbers, np.int64), vector_ND, score_NH)
        finite = taken[np.isfinite(score_NH[taken]).all(axis=1)]
        self.refused += len(taken) - len(finite)
        return Seen([rows[number] for number in finite.tolist()], score_NH[finite])

    def to_map(self) -> dict[str, Any]:
        """Plain types, for msgpack."""
        return {
            "rows": {name: latest.to_map() for name, latest in self._latest.items()},
            "pasts": [
                [source_id.bytes, is_late, map_of_past(past)]
                for (source_id, is_late), past in self._pasts.items()
            ],
        }

    def restore(self, content: Mapping[str, Any]) -> None:
        """What `to_map` gave."""
        dim = self._detector.heads[0].card.dim
        self._latest = {name: _Latest.from_map(one, dim) for name, one in content["rows"].items()}
        self._pasts = {
            (UUID(bytes=name), is_late): past_of_map(past)
            for name, is_late, past in content["pasts"]
        }

    def _is_ours(self, row: Row) -> bool:
        if (known := self._ours.get(row.of)) is None:
            of, first = row.of, self._detector.heads[0]
            try:
                first.check(self._detector.backbone, of.window, of.spec, of.dim)
                known = True
            except MismatchError:
                known = False
            self._ours[of] = known
        self.refused += not known
        return known

    def _usable(self, rows: list[Row]) -> list[Row]:
        """Without windows that are not finite."""
        if not rows:
            return rows
        with np.errstate(over="ignore", invalid="ignore"):
            sum_N = _vectors(rows).sum(axis=1)
        doubtful = np.flatnonzero(~np.isfinite(sum_N)).tolist()
        wrong = {
            number
            for number in doubtful
            if not np.isfinite(np.frombuffer(rows[number].vector, "<f4")).all()
        }
        self.refused += len(wrong)
        return [row for number, row in enumerate(rows) if number not in wrong] if wrong else rows

    def _fresh(self, rows: Sequence[Row]) -> list[tuple[_Latest, list[int]]]:
        """The numbers of the rows that show what has not been judged, by life of a sequence, in the
        order in which they came.
        """
        found: dict[int, tuple[_Latest, list[int]]] = {}
        for number, row in enumerate(rows):
            life, name = row.of.life, row.of.name
            latest = self._latest.get(name)
            if latest is None or (latest.life is not life and latest.life != life):
                latest = self._latest[name] = _Latest(life)
            if row.indexes[-1] > latest.last:
                latest.last = row.indexes[-1]
                found.setdefault(id(latest), (latest, []))[1].append(number)
            if row.is_last:
                self._latest[name] = _Latest(life)  # as live: nothing that follows depends on it
        return list(found.values())

    def _look_back(
        self,
        latest: _Latest,
        rows: Sequence[Row],
        numbers: Integers,
        vector_ND: Vectors,
        score_NH: Scores,
    ) -> None:
        """Scores of new windows of a life by heads that look at earlier ones too."""
        kept = len(latest.first_K)
        first_T = np.append(latest.first_K, [rows[number].first for number in numbers])
        last_T = np.append(latest.last_K, [rows[number].indexes[-1] for number in numbers])
        vector_TD = vector_ND[numbers]
        if latest.vector_KD is not None:
            vector_TD = np.concatenate([latest.vector_KD, vector_TD])
        before_T = _before(first_T, last_T)
        for place, head in enumerate(self._detector.heads):
            if head.context > 1:
                score_NH[numbers, place] = _scores(head, vector_TD, before_T, kept)[kept:]
        self._keep(latest, first_T, last_T, vector_TD)

    def _keep(
        self, latest: _Latest, first_T: Integers, last_T: Integers, vector_TD: Vectors
    ) -> None:
        """As far as the next window may depend on it."""
        size = self._detector.heads[0].card.window
        oldest = first_T[-1] - (self._detector.context - 1) * size
        needed = slice(int(np.searchsorted(last_T, oldest)), None)
        latest.first_K, latest.last_K = first_T[needed], last_T[needed]
        latest.vector_KD = vector_TD[needed].copy()

    def _look(self, poses: Sequence[PosesExtracted]) -> Seen:
        """By the live way."""
        followed = []
        for message in poses:
            try:
                self._detector.check(message)
            except MismatchError:
                self.refused += 1
                continue
            before, seen = self._pasts.get(message.sequence), window(message)
            past, found = follow(before, seen, 0, self._detector)
            self._pasts[message.sequence] = past
            if found is not None:
                followed.append((seen, found))
        judged = self._judged(followed)
        rows = [_row(seen.message) for seen, _ in judged]  # type: ignore[arg-type]
        score_NH = np.array([scores for _, scores in judged], np.float64)
        return Seen(rows, score_NH.reshape(len(rows), len(self._detector.heads)))

    def _judged(
        self, followed: Sequence[tuple[Window, Rows]]
    ) -> list[tuple[Window, tuple[float, ...]]]:
        """Without windows that are given no finite score."""
        try:
            found = scores(self._detector, [rows for _, rows in followed])
        except InvalidMessage:
            if len(followed) == 1:
                self.refused += 1
                return []
            return [each for one in followed for each in self._judged([one])]
        return [(seen, each) for (seen, _), each in zip(followed, found, strict=True)]


def _row(message: PosesExtracted) -> Row:
    clip = message.clip
    header = Header(
        message.source_id,
        message.source_kind,
        message.is_wall_clock,
        message.is_late,
        message.origin_at,
        message.spec,
        1,
        0,
    )
    return Row(
        header,
        clip.index,
        clip.start_s,
        (clip.index,),
        (clip.start_s,),
        (clip.end_s,),
        message.cut_at,
        message.is_last,
        b"",
    )


def _vectors(rows: Sequence[Row]) -> Vectors:
    packed = np.frombuffer(b"".join([row.vector for row in rows]), "<f4")
    return packed.reshape(len(rows), -1)


def _before(first_T: Integers, last_T: Integers) -> Integers:
    """For each window the place of the one that ends where it begins; -1 where there is none. The
    ends rise.
    """
    place_T = np.searchsorted(last_T, first_T - 1)
    place_T = np.minimum(place_T, len(last_T) - 1)
    is_there = last_T[place_T] == first_T - 1
    return np.where(is_there, place_T, -1).astype(np.int64)


def _scores(head: Head, vector_TD: Vectors, before_T: Integers, kept: int) -> Scores:
    """Of each window; those before `kept` are of no interest."""
    score_T = np.full(len(vector_TD), np.nan)
    if head.is_causal and (rows := _rows_of(before_T)) is not None:
        for row in rows:
            score_T[row] = head.judge_row(np.ascontiguousarray(vector_TD[row]))
        return score_T
    score_T[kept:] = head.judge_rows(vector_TD[_contexts(before_T, head.context)[kept:]])
    return score_T


def _rows_of(before_T: Integers) -> list[Integers] | None:
    """The windows as rows, each of windows that follow one another without a gap or an overlap;
    None where two windows follow the same.
    """
    there = before_T[before_T >= 0]
    if len(np.unique(there)) < len(there):
        return None
    row_of = list[int]()
    rows = list[list[int]]()
    for place, before in enumerate(before_T.tolist()):
        if before < 0:
            row_of.append(len(rows))
            rows.append([place])
        else:
            row_of.append(row_of[before])
            rows[row_of[before]].append(place)
    return [np.array(row, np.int64) for row in rows]


def _contexts(before_T: Integers, context: int) -> Integers:
    """[T, C]: the places of the windows up to each, oldest first; the first there is stands in for
    those before it.
    """
    place_TC = np.empty((len(before_T), context), np.int64)
    place_TC[:, -1] = np.arange(len(before_T))
    for column in range(context - 2, -1, -1):
        later_T = place_TC[:, column + 1]
        earlier_T = before_T[later_T]
        place_TC[:, column] = np.where(earlier_T >= 0, earlier_T, later_T)
    return place_TC
