"""Bags: a video as a fixed number of segments, and batches of them drawn at random.

Shapes: C crops, T windows, S segments, D dimensions, B bags.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from services.training.datasets import NORMAL
from services.training.examples import Example
from services.training.features import Vectors

KEEP_BYTES = 1 << 30
"""Bags made once are kept, up to this much memory."""


def segments(x_TD: Vectors, count: int) -> Vectors:
    """The means of `count` equal stretches [S, D]; a short video repeats its windows."""
    edges = np.linspace(0, len(x_TD), count + 1).astype(np.int64)
    rows = [x_TD[a:b].mean(axis=0) if b > a else x_TD[a] for a, b in pairwise(edges)]
    return np.stack(rows).astype(np.float32, copy=False)


def run(x_TD: Vectors, count: int, last: int) -> Vectors:
    """The `count` windows in a row up to `last`; the first of all stands in for those before it, as
    at the start of a stream.
    """
    rows = np.arange(last - count + 1, last + 1).clip(min=0)
    return np.asarray(x_TD[rows], np.float32)


class Bags:
    """Normal and anomalous videos, from which batches of each are drawn by one seed.

    A bag is a video cut into `count` segments, or where `consecutive` so many windows in a row: of
    an anomalous video whose spans are known, windows that touch one.
    """

    def __init__(
        self, examples: Sequence[Example], count: int, seed: int, *, consecutive: bool = False
    ) -> None:
        self._sides = (
            [one for one in examples if one.is_normal],
            [one for one in examples if not one.is_normal],
        )
        self._count, self._consecutive = count, consecutive
        self._rng = np.random.default_rng(seed)
        self._kept: dict[tuple[int, int, int], Vectors] = {}

    @property
    def most(self) -> int:
        """Videos on the larger side."""
        return max(map(len, self._sides))

    def draw(self, batch: int) -> tuple[Tensor, Tensor]:
        """`batch` normal and as many anomalous bags [B, S, D], each video at most once a batch
        while there are enough; of a video's crops one by chance.
        """
        normal_BSD, anomalous_BSD = (self._side(side, batch) for side in (0, 1))
        return normal_BSD, anomalous_BSD

    def _side(self, side: int, batch: int) -> Tensor:
        examples = self._sides[side]
        rows = self._rng.choice(len(examples), batch, replace=len(examples) < batch)
        return torch.from_numpy(np.stack([self._bag(side, int(row)) for row in rows]))

    def _bag(self, side: int, row: int) -> Vectors:
        example = self._sides[side][row]
        x_CTD = example.features.vectors
        crop = int(self._rng.integers(len(x_CTD)))
        if self._consecutive:
            return run(x_CTD[crop], self._count, self._last(example))
        key = (side, row, crop)
        if key in self._kept:
            return self._kept[key]
        bag_SD = segments(x_CTD[crop], self._count)
        if len(self._kept) * bag_SD.nbytes < KEEP_BYTES:
            self._kept[key] = bag_SD
        return bag_SD

    def _last(self, example: Example) -> int:
        """Where a run ends: anywhere, but not before its windows are there, where there are enough;
        where it is known what is wrong, a wrong window is among them.
        """
        count = len(example.features)
        first = min(self._count, count) - 1
        if example.is_normal or not example.wrong.max() > 0:
            return int(self._rng.integers(first, count))
        wrong = int(self._rng.choice(np.flatnonzero(example.wrong > 0)))
        last = wrong + int(self._rng.integers(self._count))
        return min(max(last, first), count - 1)


def cut_out(example: Example) -> list[Example]:
    """What is wrong apart from what is not, for heads that look at each window by itself.

    Windows with a little of both are left out. A video without times stays whole.
    """
    if example.is_normal or not example.has_times:
        return [example]
    wrong_T, half_T = example.wrong, example.frames / 2
    inside, outside = wrong_T >= half_T, wrong_T == 0
    if not inside.any():
        inside = wrong_T == wrong_T.max()
    calm = replace(example.labelled, label=NORMAL, spans=())
    parts = [_windows(example, inside)]
    if outside.any():
        parts.append(replace(_windows(example, outside), labelled=calm))
    return parts


def apart(example: Example) -> list[Example]:
    """Every sequence of every person as a video of its own, where the head looks at persons."""
    if example.features.persons is None:
        return [example]
    sequences = np.concatenate(example.features.persons)
    return [
        replace(
            example,
            features=replace(
                example.features,
                vectors=sequence_SD[None],
                start_s=np.arange(len(sequence_SD), dtype=np.float64),
                end_s=np.arange(1, len(sequence_SD) + 1, dtype=np.float64),
                persons=None,
            ),
            labelled=replace(example.labelled, spans=() if example.is_normal else None),
        )
        for sequence_SD in sequences
    ]


def _windows(example: Example, kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Example:
    features = example.features
    return replace(
        example,
        features=replace(
            features,
            vectors=features.vectors[:, kept],
            start_s=features.start_s[kept],
            end_s=features.end_s[kept],
        ),
    )
