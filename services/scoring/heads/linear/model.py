"""Logistic regression on the unit-length embedding. Shapes: B videos, T windows, D dimensions."""

from math import hypot

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.linear.config import LinearConfig

SHARE = 16


class Linear(nn.Module):
    """w · x / |x| + b: the log-odds of a fight, as far as the training data goes."""

    context = 1

    def __init__(self, config: LinearConfig) -> None:
        super().__init__()
        self.out = nn.Linear(config.dim, 1)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T]; any leading shape will do, each window stands by itself."""
        logits_BT: Tensor = self.out(F.normalize(x_BTD, dim=-1)).squeeze(-1)
        return logits_BT

    def bounds(self) -> tuple[float, float]:
        """What a score can be at least and at most: an embedding has unit length."""
        with torch.no_grad():
            norm, bias = float(self.out.weight.norm()), float(self.out.bias)
        return bias - hypot(norm, 1e-3), bias + hypot(norm, 1e-3)


def highest(scores_BT: Tensor) -> Tensor:
    """Mean [B] of the k = T // 16 + 1 highest instances of each bag: a video of which only the
    whole is labelled.
    """
    k = scores_BT.shape[1] // SHARE + 1
    return scores_BT.topk(k, dim=1).values.mean(dim=1)


def loss(normal_BT: Tensor, anomalous_BT: Tensor) -> Tensor:
    """Logistic loss of the bags by their highest log-odds; either label has half of the weight."""
    return (F.softplus(highest(normal_BT)).mean() + F.softplus(-highest(anomalous_BT)).mean()) / 2


def objective(network: Linear, normal_BTD: Tensor, anomalous_BTD: Tensor) -> Tensor:
    """What training minimises where only whole videos are labelled."""
    return loss(network(normal_BTD), network(anomalous_BTD))
