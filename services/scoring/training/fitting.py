"""Fits heads to labelled windows. Seeded: the same table gives the same weights.

Shapes: N windows, D dimensions; B bags, T instances a bag.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from services.scoring.heads.deep_mil.config import DeepMILConfig
from services.scoring.heads.deep_mil.model import DeepMIL
from services.scoring.heads.deep_mil.ranking import loss
from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear
from services.scoring.training.embeddings import Table

Fit = Callable[[Table, "Recipe"], Linear | DeepMIL]


@dataclass(frozen=True)
class Recipe:
    """What goes into a fit and how much of it."""

    C: float = 1.0
    views: tuple[str, ...] = ("plain", "flip")
    domain_weight: dict[str, float] = field(
        default_factory=lambda: {
            "street": 10.0,
            "room": 10.0,
            "daily": 10.0,
            "shop": 10.0,
            "sim": 10.0,
        }
    )
    """How many windows all of a kind count for, per label; fights and calm clips count fully."""
    positives: float = 1.0
    """Weight of all fights together, relative to all that is normal."""
    short: float = 1.0
    """Weight of windows with fewer than 16 real frames."""
    seed: int = 0
    bags: int = 1500


def usable(table: Table, recipe: Recipe) -> Table:
    """Labelled windows of the recipe's views and kinds."""
    kinds = ["fight", "calm", *recipe.domain_weight]
    mask = (table.label >= 0) & np.isin(table.view, recipe.views) & np.isin(table.kind, kinds)
    return table.where(mask)


def weights(table: Table, recipe: Recipe) -> NDArray[np.float64]:
    """A weight a row: every view of a window shares its weight, a domain is capped as a whole."""
    weight_N = np.where(table.frames < 16, recipe.short, 1.0) / len(np.unique(table.view))
    for kind, total in recipe.domain_weight.items():
        for label in (0, 1):
            mask = (table.kind == kind) & (table.label == label)
            if mask.any():
                weight_N[mask] *= total / weight_N[mask].sum()
    normal = table.label == 0
    weight_N[~normal] *= recipe.positives * weight_N[normal].sum() / weight_N[~normal].sum()
    return weight_N


def fit_linear(table: Table, recipe: Recipe) -> Linear:
    """Logistic regression, L2. The weights sum to the number of fight and calm windows."""
    table = usable(table, recipe)
    unit_ND = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    weight_N = weights(table, recipe)
    clips = np.isin(table.kind, ("fight", "calm"))
    weight_N *= clips.sum() / weight_N.sum()
    model = LogisticRegression(C=recipe.C, max_iter=2000)
    model.fit(unit_ND.astype(np.float64), table.label, sample_weight=weight_N)
    linear = Linear(LinearConfig(dim=unit_ND.shape[1]))
    with torch.no_grad():
        linear.out.weight.copy_(torch.from_numpy(model.coef_))
        linear.out.bias.copy_(torch.from_numpy(model.intercept_))
    return linear.eval()


def fit_deep_mil(table: Table, recipe: Recipe, batch: int = 30) -> DeepMIL:
    """Adagrad on pairs of bags (section 4.1 of the paper). A bag is a video in one view."""
    table = usable(table, recipe)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    config = DeepMILConfig(dim=table.vectors.shape[1], pairs="rows")
    model = DeepMIL(config)
    bags, labels, chances = _bags(table, recipe)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(recipe.bags // batch):
        optimizer.zero_grad()
        bad, good = (_draw(bags, labels == label, chances, rng, batch) for label in (1, 0))
        loss(model(good), model(bad), config).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model.eval()


def _bags(
    table: Table, recipe: Recipe, instances: int = 4
) -> tuple[Tensor, NDArray[np.int64], NDArray[np.float64]]:
    """Windows of each video and view in order, stretched or cut to `instances`."""
    weight_N = weights(table, recipe)
    names = np.char.add(np.char.add(table.video, "/"), table.view)
    bags, labels, chances = [], [], []
    for name in np.unique(names):
        for label in (0, 1):
            rows = np.flatnonzero((names == name) & (table.label == label))
            for part in np.array_split(rows, max(-(-len(rows) // instances), 1)):
                if len(part):
                    spread = part[np.arange(instances) * len(part) // instances]
                    bags.append(table.vectors[spread])
                    labels.append(label)
                    chances.append(weight_N[part].sum())
    return torch.from_numpy(np.stack(bags)), np.array(labels), np.array(chances)


def _draw(
    bags: Tensor,
    mask: NDArray[np.bool_],
    chances: NDArray[np.float64],
    rng: np.random.Generator,
    count: int,
) -> Tensor:
    chosen = np.flatnonzero(mask)
    chance = chances[chosen] / chances[chosen].sum()
    return bags[rng.choice(chosen, count, p=chance)]
