"""Judges heads on what they have not seen: grouped folds, cameras left out."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from torch import nn

from services.training.default.embeddings import Table
from services.training.default.recipes import Recipe
from services.training.metrics import Floats
from services.training.pieces import Pieces

Train = Callable[[Table], nn.Module]
FEWEST_GROUPS = 5


def scores(network: nn.Module, table: Table) -> Floats:
    """Raw scores of all rows, each window by itself."""
    with torch.inference_mode():
        x_N1D = torch.from_numpy(table.vectors)[:, None]
        return np.asarray(network(x_N1D)[:, 0].numpy(), np.float64)


def held_out(table: Table, recipe: Recipe, train: Train) -> Floats:
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


def by_video(table: Table, score_N: Floats, recipe: Recipe, view: str = "plain") -> Pieces:
    """The highest score of each video of the head's own cameras.

    Groups are drawn whole; where there are fewer than five, single videos.
    """
    rows = np.isin(table.kind, recipe.own) & (table.view == view)
    names = np.unique(table.video[rows])
    members = [np.flatnonzero(rows & (table.video == name)) for name in names]
    firsts = [at[0] for at in members]
    groups = table.group[firsts]
    return Pieces(
        labels=(table.kind[firsts] == recipe.incident).astype(np.float64),
        scores=np.array([score_N[at].max() for at in members]),
        weights=np.ones(len(names)),
        sources=names if len(np.unique(groups)) < FEWEST_GROUPS else groups,
    )
