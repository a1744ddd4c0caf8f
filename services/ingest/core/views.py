"""What a camera usually sees, learned slowly, and how a picture compares with it. numpy only.

A view is the mean and the detail of each block. Detail is compared where the view has edges: people
who walk through hide few of them, and light that changes keeps them where they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.ingest.core.thumbnails import Blocks, Thumbnail

TAU_S = 120.0
"""How long the memory of a view is, once it is learned."""
LEARNED_S = 20.0
"""A view is compared with once it was seen for so long."""
MOST_VIEWS = 3
"""By day, by infrared light at night, and one more."""
COARSE = 4
"""Blocks a side over which the layout of a picture is compared."""


@dataclass(frozen=True)
class Comparison:
    """How a picture compares with a view.

    `edges`, `layout`: correlation of the detail, and of the coarse light and dark; 1 for the same.
    `detail`, `sharpness`: how much detail is left in all and where the view has edges; `contrast`:
    how much of the coarse light and dark. 1 for as usual, 0 for nothing.
    """

    edges: float
    layout: float
    detail: float
    sharpness: float
    contrast: float


@dataclass
class View:
    """One view in the learning. Not shared between cameras."""

    mean_HW: Blocks
    detail_HW: Blocks
    seen_s: float = 0.0

    @classmethod
    def of(cls, picture: Thumbnail) -> "View":
        return cls(picture.mean_HW.copy(), picture.detail_HW.copy())

    @property
    def is_learned(self) -> bool:
        return self.seen_s >= LEARNED_S

    def learn(self, picture: Thumbnail, step_s: float) -> None:
        """It is seen, since `step_s`."""
        self.seen_s += step_s
        share = min(1.0, step_s / min(self.seen_s, TAU_S)) if self.seen_s else 1.0
        self.mean_HW += (picture.mean_HW - self.mean_HW) * np.float32(share)
        self.detail_HW += (picture.detail_HW - self.detail_HW) * np.float32(share)

    def is_of(self, picture: Thumbnail) -> bool:
        """Whether they have the same shape, and can be compared."""
        return self.mean_HW.shape == picture.mean_HW.shape

    def compared(self, picture: Thumbnail) -> Comparison:
        usual_HW, present_HW = _signal(self.detail_HW), _signal(picture.detail_HW)
        has_edges = usual_HW >= np.quantile(usual_HW, 0.8)
        usual, present = coarse(self.mean_HW), coarse(picture.mean_HW)
        return Comparison(
            edges=_correlation(np.sqrt(present_HW), np.sqrt(usual_HW)),
            layout=_correlation(present, usual),
            detail=_ratio(present_HW.mean(), usual_HW.mean()),
            sharpness=_ratio(present_HW[has_edges].mean(), usual_HW[has_edges].mean()),
            contrast=_ratio(present.std(), usual.std()),
        )


class Views:
    """The views of one camera: a picture is compared with the one that it resembles most."""

    def __init__(self, views: Sequence[View] = ()) -> None:
        self._views = list(views)

    def __len__(self) -> int:
        return len(self._views)

    def compared(self, picture: Thumbnail) -> tuple[View, Comparison] | None:
        """None as long as no view of this shape is learned."""
        candidates = [
            (view, view.compared(picture))
            for view in self._views
            if view.is_learned and view.is_of(picture)
        ]
        return max(candidates, key=lambda candidate: candidate[1].edges, default=None)

    def adopt(self, view: View) -> None:
        """The camera sees this from now on, as well; the oldest is forgotten."""
        self._views = [*self._views[1 - MOST_VIEWS :], view]


def coarse(blocks_HW: Blocks) -> Blocks:
    """Means over squares of blocks."""
    rows, columns = (length // COARSE for length in blocks_HW.shape)
    squares = blocks_HW[: rows * COARSE, : columns * COARSE].reshape(rows, COARSE, columns, COARSE)
    return np.asarray(squares.mean(axis=(1, 3)), np.float32)


def _signal(detail_HW: Blocks) -> Blocks:
    """Detail beyond that of the flattest blocks, which is noise."""
    return np.asarray(np.maximum(detail_HW - np.quantile(detail_HW, 0.1), 0), np.float32)


def _correlation(first: Blocks, second: Blocks) -> float:
    first, second = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((first * first).sum() * (second * second).sum()))
    return float((first * second).sum()) / spread if spread > 1e-6 else 0.0


def _ratio(present: np.floating, usual: np.floating) -> float:
    return float(present) / max(float(usual), 0.1)
