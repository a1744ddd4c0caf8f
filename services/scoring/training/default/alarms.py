"""What the persistence rule makes of held-out scores: the very core that runs in the stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from numpy.typing import NDArray

from schemas.alerts import AlertClosed, AlertOpened
from schemas.clips import ClipSpec
from schemas.ids import clip_id
from schemas.scores import ClipScored
from services.scoring.core import Rule, State, step
from services.scoring.training.default.embeddings import Table

Scores = NDArray[np.float64]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """Windows in order, each with its calibrated score, its label and its real frames."""

    name: str
    calibrated: Scores
    labels: NDArray[np.int64]
    frames: NDArray[np.int64]

    @property
    def seconds(self) -> float:
        return float(self.frames.sum()) / ClipSpec().frame_rate


def tracks(
    table: Table, calibrated_N: Scores, kinds: Sequence[str], view: str = "plain"
) -> Iterator[Track]:
    """Every video of these kinds by itself."""
    yield from _tracks(table, calibrated_N, kinds, view, table.video)


def takes(table: Table, calibrated_N: Scores, kinds: Sequence[str]) -> Iterator[Track]:
    """The videos of a group and kind one after another: short clips cut from one recording."""
    names = np.char.add(np.char.add(table.kind, "/"), table.group)
    yield from _tracks(table, calibrated_N, kinds, "plain", names)


def _tracks(
    table: Table,
    calibrated_N: Scores,
    kinds: Sequence[str],
    view: str,
    names: NDArray[np.str_],
) -> Iterator[Track]:
    rows = (table.view == view) & np.isin(table.kind, kinds)
    for name in np.unique(names[rows]):
        at = np.flatnonzero(rows & (names == name))
        at = at[np.lexsort((table.index[at], table.video[at]))]
        yield Track(str(name), calibrated_N[at], table.label[at], table.frames[at])


def clips(track: Track, spec: ClipSpec = ClipSpec()) -> Iterator[ClipScored]:
    """The scored clips that the service would publish: those of a window share its score."""
    source = uuid5(NAMESPACE_URL, track.name)
    index = 0
    for score, frames in zip(track.calibrated, track.frames, strict=True):
        for first in range(0, int(frames), spec.frames):
            count = min(spec.frames, int(frames) - first)
            start_s = index * spec.hop_s
            yield ClipScored(
                clip_id=clip_id(source, start_s),
                source_id=source,
                index=index,
                start_s=start_s,
                end_s=start_s + count / spec.frame_rate,
                score=float(score),
                calibrated=float(score),
                head="linear",
                model_id="held-out",
                backbone="i3d_k400",
            )
            index += 1


def alerts(track: Track, rule: Rule) -> list[Span]:
    """Spans of the alerts that the rule opens on this track."""
    state, spans = State(), {}
    for clip in clips(track):
        state, told = step(state, rule, clip)
        for alert in told:
            if isinstance(alert, AlertOpened | AlertClosed):
                spans[alert.alert_id] = (alert.start_s, alert.end_s)
    return sorted(spans.values())
