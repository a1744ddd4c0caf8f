"""Bags: videos of which only the whole is labelled. Shapes: B bags, T instances of each."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

SHARE = 16


def highest(scores_BT: Tensor) -> Tensor:
    """Mean [B] of the k = T // 16 + 1 highest instances of each bag."""
    k = scores_BT.shape[1] // SHARE + 1
    return scores_BT.topk(k, dim=1).values.mean(dim=1)


def logistic(normal_BT: Tensor, anomalous_BT: Tensor) -> Tensor:
    """Logistic loss of the bags by their highest log-odds; either label has half of the weight."""
    return (F.softplus(highest(normal_BT)).mean() + F.softplus(-highest(anomalous_BT)).mean()) / 2
