"""Judges heads on what they have not seen: grouped folds, domains left out, bootstrap intervals."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from torch import nn

from services.scoring.training.embeddings import Table

Scores = NDArray[np.float64]
QUIET = ("street", "room", "daily", "shop")
"""Kinds of footage in which nothing happens, from first to last."""
Train = Callable[[Table], nn.Module]


def scores(model: nn.Module, table: Table) -> Scores:
    """Raw scores of all rows."""
    with torch.inference_mode():
        return np.asarray(model(torch.from_numpy(table.vectors)).numpy(), np.float64)


def held_out(table: Table, train: Train, folds: int = 11) -> Scores:
    """Scores of every row by a model that has seen neither its group nor, for footage that is
    normal throughout, its kind: a camera that the head does not know.
    """
    result_N = np.full(len(table), np.nan)
    for test in _splits(table, folds):
        model = train(table.where(~test))
        result_N[test] = scores(model, table.where(test))
    return result_N


def _splits(table: Table, folds: int) -> Iterator[NDArray[np.bool_]]:
    clips = np.isin(table.kind, ("fight", "calm"))
    groups = table.group[clips]
    for _, test in GroupKFold(folds).split(groups, groups=groups):
        yield clips & np.isin(table.group, np.unique(groups[test]))
    for kind in QUIET:
        yield table.kind == kind
    # Falls and thefts are in no training, simulated scenes are split in two by seed.
    yield np.isin(table.kind, ("fall", "theft"))
    sim = table.kind == "sim"
    even = np.array([name[-1] in "02468" for name in table.group])
    yield sim & even
    yield sim & ~even


def by_video(table: Table, score_N: Scores) -> tuple[Scores, NDArray[np.int64], NDArray[np.str_]]:
    """Highest score, label and group of each fight and calm clip."""
    rows = np.isin(table.kind, ("fight", "calm")) & (table.view == "plain")
    names = np.unique(table.video[rows])
    firsts = [np.flatnonzero(rows & (table.video == name)) for name in names]
    highest = np.array([score_N[at].max() for at in firsts])
    labels = np.array([table.label[at[0]] for at in firsts])
    return highest, labels, np.array([table.group[at[0]] for at in firsts])


def auc(table: Table, score_N: Scores) -> float:
    """Area under the ROC curve of the highest score of each clip."""
    highest, labels, _ = by_video(table, score_N)
    return float(roc_auc_score(labels, highest))


def auc_interval(table: Table, score_N: Scores, rounds: int = 1000) -> tuple[float, float]:
    """95 % interval, drawing whole sources with replacement."""
    highest, labels, groups = by_video(table, score_N)
    rng, drawn = np.random.default_rng(0), []
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for _ in range(rounds):
        rows = np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))])
        if 0 < labels[rows].mean() < 1:
            drawn.append(roc_auc_score(labels[rows], highest[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def mark_at_recall(table: Table, score_N: Scores, recall: float) -> float:
    """The raw score that this share of the fights reaches."""
    highest, labels, _ = by_video(table, score_N)
    return float(np.quantile(highest[labels == 1], 1 - recall))


def calm_above(table: Table, score_N: Scores, mark: float) -> float:
    """Share of the normal clips beside the fights whose highest score reaches the mark."""
    highest, labels, _ = by_video(table, score_N)
    return float((highest[labels == 0] >= mark).mean())


def windows_above(table: Table, score_N: Scores, kind: str, mark: float) -> float:
    """Share of the normal windows of a kind that reach the mark."""
    rows = (table.kind == kind) & (table.view == "plain") & (table.label == 0)
    return float((score_N[rows] >= mark).mean())
