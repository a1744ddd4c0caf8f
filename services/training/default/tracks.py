"""Rows of a table as videos that were watched, so that the rule can go over their scores."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.clips import ClipSpec
from services.training.datasets import Labelled, Span
from services.training.default.embeddings import Table
from services.training.examples import Example
from services.training.features import Features
from services.training.metrics import Floats
from services.training.watching import Watched

BACKBONE, WINDOW, SPEC = "i3d_k400", 2, ClipSpec()
SHOWN, UNSURE = "shown", "unsure"
"""What a span says of a window: the incident, or what the head is asked nothing about."""


def tracks(
    table: Table, score_N: Floats, kinds: Sequence[str], view: str = "plain"
) -> Iterator[Watched]:
    """Every video of these kinds by itself, in the order of their names."""
    yield from _tracks(table, score_N, (table.view == view) & np.isin(table.kind, kinds), "video")


def takes(table: Table, score_N: Floats, kind: str) -> Iterator[Watched]:
    """The videos of a group one after another: short clips cut from one recording."""
    yield from _tracks(table, score_N, (table.view == "plain") & (table.kind == kind), "group")


def seconds(track: Watched) -> float:
    """What was filmed; a take has gaps behind windows that were not full."""
    return float(track.example.frames.sum()) / SPEC.frame_rate


def _tracks(table: Table, score_N: Floats, rows: NDArray[np.bool_], by: str) -> Iterator[Watched]:
    names = getattr(table, by)
    for name in np.unique(names[rows]):
        at = np.flatnonzero(rows & (names == name))
        at = at[np.lexsort((table.index[at], table.video[at]))]
        yield Watched(_example(str(name), table.where(at)), score_N[at])


def _example(name: str, part: Table) -> Example:
    clips = -(-part.frames // SPEC.frames)
    first = (np.cumsum(clips) - clips) * SPEC.frames
    start_s, end_s = first / SPEC.frame_rate, (first + part.frames) / SPEC.frame_rate
    spans = tuple(
        Span(float(start_s[row]), float(end_s[row]), SHOWN if part.label[row] == 1 else UNSURE)
        for row in np.flatnonzero(part.label != 0)
    )
    features = Features(name, part.vectors[None], start_s, end_s, BACKBONE, WINDOW, SPEC)
    return Example(features, Labelled(name, str(part.kind[0]), spans, str(part.group[0])))
