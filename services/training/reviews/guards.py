"""Whether a head may take another's place: not where it is worse beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from services.scoring.cards import Card
from services.scoring.heads.registry import Network
from services.training.bias import Real, check
from services.training.features import Features
from services.training.loop import Plan
from services.training.metrics import Floats, Ranking, bootstrap
from services.training.reviews.windows import Windows

LEAST_CELLS = 8
"""Held-out camera-days from which on they are drawn as wholes."""


@dataclass(frozen=True)
class Judge:
    """A head and its card."""

    network: Network
    card: Card

    def scores(self, vectors_ND: NDArray[np.float32]) -> Floats:
        """Calibrated, each window by itself."""
        with torch.inference_mode():
            raw_N = self.network(torch.from_numpy(vectors_ND)[:, None])[:, -1].numpy()
        knots = self.card.calibration
        return cast(Floats, np.interp(raw_N.astype(np.float64), knots.raw, knots.calibrated))


@dataclass(frozen=True)
class Guard:
    """One comparison, with its figures in words."""

    name: str
    passed: bool
    figures: str


def not_worse_held_out(before: Judge, after: Judge, held_out: Windows) -> Guard:
    """By how well the highest window of each event stands out from normal windows, on camera-days
    that neither was taught with by reviews; drawn by camera-days, where there are enough to draw.
    """
    rows_M, labels_M = _pieces(held_out)
    rankings = [
        Ranking(labels_M, [scores_N[rows].max() for rows in rows_M])
        for scores_N in (one.scores(held_out.vectors) for one in (before, after))
    ]
    groups_M = _drawn_together(held_out, rows_M)
    _, most = bootstrap(lambda w: rankings[1].auc(w) - rankings[0].auc(w), groups_M)
    was, now = (ranking.auc() for ranking in rankings)
    passed = now >= was or most >= 0
    return Guard(
        "held-out camera-days",
        bool(passed),
        f"AUC {now:.3f}, the head before {was:.3f}; {len(held_out.events)} events, "
        f"{held_out.hours:.2f} h normal, {len(np.unique(held_out.cell))} camera-days",
    )


def _drawn_together(held_out: Windows, rows_M: list[NDArray[np.int64]]) -> list[str]:
    """Few camera-days would excuse everything: with three, one of them alone is drawn now and then,
    so that a head had to be worse on every one to be refused. Then each piece stands by itself.
    """
    cells_M = [str(held_out.cell[rows[0]]) for rows in rows_M]
    if len(set(cells_M)) >= LEAST_CELLS:
        return cells_M
    return [str(number) for number in range(len(rows_M))]


def no_more_alarms(before: Judge, after: Judge, footage: Sequence[Features]) -> Guard:
    """By the share of windows at the high mark in footage that shows no event; drawn by videos."""
    name = "reference scenes"
    if not footage:
        return Guard(name, True, "not looked at: no footage")
    vectors_ND = np.concatenate([one.vectors[0] for one in footage])
    groups_N = np.repeat([one.video for one in footage], [len(one) for one in footage])
    was_N, now_N = (
        (one.scores(vectors_ND) >= one.card.rule.high).astype(np.float64) for one in (before, after)
    )

    def more(weight_N: Floats) -> float:
        return float(np.average(now_N - was_N, weights=weight_N)) if weight_N.any() else 0.0

    least, _ = bootstrap(more, groups_N)
    return Guard(
        name,
        bool(now_N.mean() <= was_N.mean() or least <= 0),
        f"{now_N.mean():.1%} of {len(now_N)} windows at the mark, the head before "
        f"{was_N.mean():.1%}",
    )


def position(after: Judge) -> Guard:
    """The gate of `nightclerk bias-check`."""
    card = after.card
    real = Real(after.network, card.dim)
    checked = check(card.head, Plan(steps=300), dict(card.config), real)
    failed = [gate.tells for gate in checked.gates if not gate.passed]
    return Guard("position", checked.passed, ", ".join(failed) or "told by nothing but the picture")


def _pieces(held_out: Windows) -> tuple[list[NDArray[np.int64]], list[bool]]:
    """Rows of each event together, of each normal window by itself."""
    events = [np.flatnonzero(held_out.event == name) for name in held_out.events]
    normal = [np.array([row]) for row in np.flatnonzero(~held_out.is_event)]
    return [*events, *normal], [True] * len(events) + [False] * len(normal)
