"""What MGFN is trained by: few windows of great magnitude stand for a video.

A batch holds as many normal as anomalous videos, the normal ones first. Shapes: B videos, N = B/2
of either kind, C crops, T windows, E channels, K windows selected, M = C·N (crop by crop).
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.mgfn.config import MGFNConfig
from services.scoring.heads.mgfn.model import GlanceFocus, Outputs


class Masks(NamedTuple):
    """Factors of the magnitudes that selection looks at; 0 hides a window. Only zeros matter, so
    booleans, zeros and ones, and what a dropout layer makes of ones do the same."""

    normal_NT: Tensor
    anomalous_NT: Tensor


class Selected(NamedTuple):
    """What stands for the videos of one kind."""

    score_N: Tensor
    magnitude_MK: Tensor
    """L1 norms, though the windows were selected by their L2 norms."""


def drawn(outputs: Outputs, dropout: float) -> Masks:
    """Masks that hide a share of windows; drawn for the anomalous videos first, as published."""
    ones_NT = torch.ones_like(outputs.scores_BT.chunk(2)[0])
    anomalous_NT, normal_NT = F.dropout(ones_NT, dropout), F.dropout(ones_NT, dropout)
    return Masks(normal_NT, anomalous_NT)


def select(scores_NT: Tensor, features_NCTE: Tensor, mask_NT: Tensor, top: int) -> Selected:
    """The `top` windows whose magnitude, averaged over crops, is greatest."""
    magnitude_NT = torch.linalg.vector_norm(features_NCTE, dim=-1).mean(dim=1)
    at_NK = (magnitude_NT * mask_NT).topk(min(top, mask_NT.shape[1]), dim=1).indices
    magnitude_NCT = torch.linalg.vector_norm(features_NCTE, ord=1, dim=-1)
    magnitude_NCK = magnitude_NCT.take_along_dim(at_NK[:, None], dim=2)
    score_N = scores_NT.take_along_dim(at_NK, dim=1).mean(dim=1)
    return Selected(score_N, magnitude_NCK.transpose(0, 1).flatten(0, 1))


def contrast(normal_MK: Tensor, anomalous_MK: Tensor, config: MGFNConfig) -> Tensor:
    """Magnitude contrast: one kind's rows alike (first half with second half; the odd one is left
    out), normal and anomalous rows `margin` apart. Weighted."""
    far_M = F.pairwise_distance(anomalous_MK, normal_MK)
    apart = F.relu(config.margin - far_M).square().mean()
    half = len(normal_MK) // 2
    together = [
        F.pairwise_distance(x_MK[half : 2 * half], x_MK[:half]).square().sum() / max(half, 1)
        for x_MK in (normal_MK, anomalous_MK)
    ]
    return config.apart * apart + config.together * torch.stack(together).sum()


def classification(normal_N: Tensor, anomalous_N: Tensor) -> Tensor:
    """Binary cross-entropy of the scores that stand for videos; no logarithm below -100."""
    logs = torch.cat([torch.log1p(-normal_N), torch.log(anomalous_N)])
    return -logs.clamp(min=-100).mean()


def smoothness(scores_BT: Tensor) -> Tensor:
    """Squares of all steps between neighbours in time, summed over all videos."""
    return scores_BT.diff(dim=1).square().sum()


def loss(
    outputs: Outputs,
    masks: tuple[Tensor, Tensor] | None = None,
    config: MGFNConfig = MGFNConfig(),
) -> Tensor:
    """The whole loss of `network.outputs(x_BTD)`, normal videos first.

    `masks` (normal [N, T], anomalous [N, T]) are zero for the windows that selection must pass
    over; it passes over none when they are not given.
    """
    halves = outputs.scores_BT.chunk(2)
    if masks is None:
        masks = Masks(torch.ones_like(halves[0]), torch.ones_like(halves[1]))
    normal, anomalous = (
        select(scores_NT, features_NCTE, mask_NT, config.top)
        for scores_NT, features_NCTE, mask_NT in zip(
            halves, outputs.features_BCTE.chunk(2), masks, strict=True
        )
    )
    sparsity: Tensor = torch.linalg.vector_norm(halves[config.sparse == "anomalous"])
    return (
        classification(normal.score_N, anomalous.score_N)
        + contrast(normal.magnitude_MK, anomalous.magnitude_MK, config)
        + config.smoothness * smoothness(outputs.scores_BT)
        + config.sparsity * sparsity
    )


def objective(network: GlanceFocus, normal_BTD: Tensor, anomalous_BTD: Tensor) -> Tensor:
    """The loss for as many normal as anomalous videos ([B, T, D] or [B, C, T, D] each).

    In training mode selection passes over windows drawn at random.
    """
    outputs = network.outputs(torch.cat([normal_BTD, anomalous_BTD]))
    config = network.config
    masks = drawn(outputs, config.selection_dropout) if network.training else None
    return loss(outputs, masks, config)
