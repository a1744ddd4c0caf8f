"""Judges heads on what they have not seen: grouped folds, cameras left out, bootstrap intervals."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from torch import nn

from services.scoring.training.default.embeddings import Table
from services.scoring.training.default.recipes import Recipe

Scores = NDArray[np.float64]
Train = Callable[[Table], nn.Module]


def scores(network: nn.Module, table: Table) -> Scores:
    """Raw scores of all rows, each window by itself."""
    with torch.inference_mode():
        x_N1D = torch.from_numpy(table.vectors)[:, None]
        return np.asarray(network(x_N1D)[:, 0].numpy(), np.float64)


def held_out(table: Table, recipe: Recipe, train: Train) -> Scores:
    """Scores of every row by a head that has seen neither its group nor, where the cameras are not
    those of the head's own incidents, anything of these cameras.
    """
    result_N = np.full(len(table), np.nan)
    for test in _splits(table, recipe):
        if test.any():
            result_N[test] = scores(train(table.where(~test)), table.where(test))
    return result_N


def _splits(table: Table, recipe: Recipe) -> Iterator[NDArray[np.bool_]]:
    own = np.isin(table.kind, recipe.own)
    groups = table.group[own]
    for _, test in GroupKFold(recipe.folds).split(groups, groups=groups):
        yield own & np.isin(table.group, np.unique(groups[test]))
    for kinds in recipe.cameras:
        if kinds != recipe.own:
            yield np.isin(table.kind, kinds)
    # Simulated scenes share a store; they are split in two by seed.
    sim = table.kind == "sim"
    even = np.array([name[-1] in "02468" for name in table.group])
    yield sim & even
    yield sim & ~even


def by_video(
    table: Table, score_N: Scores, recipe: Recipe, view: str = "plain"
) -> tuple[Scores, NDArray[np.int64], NDArray[np.str_]]:
    """Highest score, label and group of each video of the head's own cameras."""
    rows = np.isin(table.kind, recipe.own) & (table.view == view)
    names = np.unique(table.video[rows])
    firsts = [np.flatnonzero(rows & (table.video == name)) for name in names]
    highest = np.array([score_N[at].max() for at in firsts])
    labels = np.array([int(table.kind[at[0]] == recipe.incident) for at in firsts])
    return highest, labels, np.array([table.group[at[0]] for at in firsts])


def auc(table: Table, score_N: Scores, recipe: Recipe) -> float:
    """Area under the ROC curve of the highest score of each video."""
    highest, labels, _ = by_video(table, score_N, recipe)
    return float(roc_auc_score(labels, highest))


def auc_interval(
    table: Table, score_N: Scores, recipe: Recipe, rounds: int = 1000
) -> tuple[float, float]:
    """95 % interval, drawing whole groups with replacement; single videos where groups are few."""
    highest, labels, groups = by_video(table, score_N, recipe)
    if len(np.unique(groups)) < 5:
        groups = np.arange(len(highest)).astype(str)
    rng, drawn = np.random.default_rng(0), []
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for _ in range(rounds):
        rows = np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))])
        if 0 < labels[rows].mean() < 1:
            drawn.append(roc_auc_score(labels[rows], highest[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
