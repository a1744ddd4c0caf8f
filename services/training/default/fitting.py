"""Fits heads to labelled windows. Seeded: the same table gives the same weights.

Shapes: N windows, D dimensions; B bags, T instances a bag.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear
from services.scoring.heads.registry import build, package
from services.training.default.embeddings import Table
from services.training.default.recipes import Recipe
from services.training.loop import OPTIMIZERS

AS_MANY = 1000
"""What the weights of a regression sum to: C means the same however many views there are."""
Fit = Callable[[Table, Recipe], nn.Module]


def fit(head: str) -> Fit:
    """How a head of this name is fitted."""
    if head == "linear":
        return fit_linear
    return lambda table, recipe: fit_bags(head, table, recipe)


def usable(table: Table, recipe: Recipe) -> Table:
    """Windows of the recipe's views of which can be said what they show."""
    return table.where((table.label >= 0) & np.isin(table.view, recipe.views))


def weights(table: Table, recipe: Recipe) -> NDArray[np.float64]:
    """A weight a row: every view of a window shares its weight, a domain is capped as a whole.

    The head's own cameras count fully; incidents weigh as much as all that is normal.
    """
    weight_N = np.where(table.frames < 16, recipe.short, 1.0) / len(np.unique(table.view))
    for kind in np.unique(table.kind[~np.isin(table.kind, recipe.own)]):
        for label in (0, 1):
            mask = (table.kind == kind) & (table.label == label)
            if mask.any():
                weight_N[mask] *= recipe.domain_weight / weight_N[mask].sum()
    normal = table.label == 0
    weight_N[~normal] *= weight_N[normal].sum() / weight_N[~normal].sum()
    return weight_N


def fit_linear(table: Table, recipe: Recipe) -> nn.Module:
    """Logistic regression, L2."""
    table = usable(table, recipe)
    unit_ND = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    weight_N = weights(table, recipe)
    weight_N *= AS_MANY / weight_N.sum()
    model = LogisticRegression(C=recipe.C, max_iter=2000)
    model.fit(unit_ND.astype(np.float64), table.label, sample_weight=weight_N)
    linear = Linear(LinearConfig(dim=unit_ND.shape[1]))
    with torch.no_grad():
        linear.out.weight.copy_(torch.from_numpy(model.coef_))
        linear.out.bias.copy_(torch.from_numpy(model.intercept_))
    return linear.eval()


def fit_bags(head: str, table: Table, recipe: Recipe, batch: int = 30) -> nn.Module:
    """A MIL head by its own objective, on pairs of bags. A bag is a video in one view."""
    table = usable(table, recipe)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    network = build(head, table.vectors.shape[1], {})
    bags, labels, chances = _bags(table, recipe)
    optimizer = _optimizer(head, network)
    for _ in range(recipe.bags // batch):
        optimizer.zero_grad()
        bad, good = (_draw(bags, labels == label, chances, rng, batch) for label in (1, 0))
        package(head).objective(network, good, bad).backward()
        optimizer.step()
    return network.eval()


def _optimizer(head: str, network: nn.Module) -> torch.optim.Optimizer:
    config = package(head).Config()
    optimizer: torch.optim.Optimizer = OPTIMIZERS[config.optimizer](
        network.parameters(), lr=config.lr, weight_decay=config.weight_decay
    )
    return optimizer


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
