"""A series: the scores of one head, model and mark on one grid of a source, in one run."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipSpec
from schemas.scores import ClipScored, ClipsScored, HeadScore, HeadScores
from services.api.scores.blocks import Scores, merged

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AS_GOOD_AS_WHOLE_S = 1e-3
"""A clip that ends no more than this before its grid says counts as whole."""


@dataclass(frozen=True)
class Series:
    """What all scores of a series have in common. Another model or mark begins another series."""

    source_id: str
    run: str
    origin_at: datetime
    spec: ClipSpec
    detector: str
    backbone: str
    head: str
    model_id: str
    rule: str
    label: str
    high_mark: float | None

    @classmethod
    def of(cls, message: ClipScored | ClipsScored, head: HeadScore | HeadScores) -> "Series":
        return cls(
            source_id=str(message.source_id),
            run=message.run,
            origin_at=message.origin_at,
            spec=message.spec,
            detector=message.detector[:64],
            backbone=message.backbone[:64],
            head=head.head[:64],
            model_id=head.model_id[:128],
            rule=head.rule[:128],
            label=head.label[:128],
            high_mark=head.high_mark,
        )

    @classmethod
    def of_row(cls, row: Mapping[Any, Any]) -> "Series":
        spec = ClipSpec(frames=row["frames"], frame_rate=row["frame_rate"], hop=row["hop"])
        names = [name for name in cls.__dataclass_fields__ if name != "spec"]
        return cls(spec=spec, **{name: row[name] for name in names})

    @property
    def series_id(self) -> int:
        """The same for the same content, on whatever machine; 63 bits."""
        content = "\x1f".join(str(value) for value in self.row().values())
        return int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "big") >> 1

    def row(self) -> dict[str, Any]:
        """The columns that tell the series apart."""
        row = dict(self.__dict__)
        spec: ClipSpec = row.pop("spec")
        return row | {"frames": spec.frames, "frame_rate": spec.frame_rate, "hop": spec.hop}

    def start_s(self, index_N: "NDArray[Any]") -> "NDArray[np.float64]":
        """Seconds from the origin to the start of each clip."""
        return index_N * self.spec.hop / self.spec.frame_rate

    def moment(self, index: int) -> datetime:
        """When a clip starts."""
        return self.origin_at + timedelta(seconds=index * self.spec.hop_s)

    def index_from(self, moment: datetime) -> int:
        """The first clip that starts then or later."""
        hops = (moment - self.origin_at) / timedelta(seconds=self.spec.hop_s)
        return int(np.ceil(hops - 1e-6))

    def minutes(self, index_N: "NDArray[Any]") -> "NDArray[np.int64]":
        """In which minute since 1970 each clip starts."""
        origin_s = (self.origin_at - EPOCH).total_seconds()
        # A clip that starts on the minute must not fall into the one before by a rounding error.
        return np.floor((origin_s + self.start_s(index_N) + 1e-6) / 60).astype(np.int64)


def by_series(messages: Iterable[ClipScored | ClipsScored]) -> dict[Series, Scores]:
    """The scores of a batch, sorted by clip; of equal ones the latest, blocks after all others."""
    single, blocks = list[ClipScored](), list[ClipsScored]()
    for message in messages:
        if isinstance(message, ClipsScored):
            blocks.append(message)
        else:
            single.append(message)
    found = _of_clips(single)
    for block in blocks:
        for series, scores in of_block(block):
            found[series] = merged(found[series], scores) if series in found else scores
    return found


def of_block(message: ClipsScored) -> Iterator[tuple[Series, Scores]]:
    """The scores of a block, by head."""
    index_N = np.frombuffer(message.indexes, "<i8").astype(np.int64)
    for head in message.heads:
        series = Series.of(message, head)
        short = {
            one.index: one.index * series.spec.hop_s + series.spec.duration_s - one.end_s
            for one in message.short
        }
        raw_N, calibrated_N = (
            np.frombuffer(each, "<f8") for each in (head.scores, head.calibrated)
        )
        yield series, Scores(index_N, raw_N, calibrated_N, short)


def _of_clips(messages: Iterable[ClipScored]) -> dict[Series, Scores]:
    clips: dict[Series, dict[int, tuple[float, float]]] = defaultdict(dict)
    short: dict[Series, dict[int, float]] = defaultdict(dict)
    for message in messages:
        for head in message.heads:
            series = Series.of(message, head)
            for ref in message.clips:
                clips[series][ref.index] = (head.score, head.calibrated)
                by_s = ref.start_s + series.spec.duration_s - ref.end_s
                if abs(by_s) > AS_GOOD_AS_WHOLE_S:
                    short[series][ref.index] = by_s
                else:
                    short[series].pop(ref.index, None)
    return {series: _scores(of, short[series]) for series, of in clips.items()}


def _scores(clips: Mapping[int, tuple[float, float]], short: Mapping[int, float]) -> Scores:
    index_N = np.array(sorted(clips), np.int64)
    value_N2 = np.array([clips[index] for index in index_N.tolist()])
    return Scores(index_N, value_N2[:, 0], value_N2[:, 1], dict(short))
