"""What BN-WVAD is trained by.

A batch holds as many normal as anomalous videos, the normal ones first. Shapes: B videos, N = B/2
of either kind, T windows, F channels, M selected windows.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.bn_wvad.config import BNWVADConfig
from services.scoring.heads.bn_wvad.model import BatchNormWVAD, Normed, Outputs, distance


class Masks(NamedTuple):
    """The windows that one triplet term takes: True where selected, as many in both."""

    normal_NT: Tensor
    anomalous_NT: Tensor


def select(distance_BT: Tensor, config: BNWVADConfig) -> Masks:
    """Sample-batch selection: the farthest of each anomalous video, and of all of them together.

    Of normal videos, as many in all: the farthest of each, then the second farthest of each, …
    """
    normal_NT, anomalous_NT = distance_BT.chunk(2)
    videos, windows = normal_NT.shape
    sample_NT = _rank(anomalous_NT) < int(windows * config.ratio_sample)
    batch_NT = _rank(anomalous_NT.flatten()) < int(videos * windows * config.ratio_batch)
    selected_NT = sample_NT | batch_NT.view_as(sample_NT)
    video_N1 = torch.arange(videos, device=distance_BT.device)[:, None]
    return Masks(_rank(normal_NT) * videos + video_N1 < selected_NT.sum(), selected_NT)


def triplet(norm: Normed, masks: Masks, margin: float) -> Tensor:
    """How much less than `margin` an anomalous window is farther from the mean than a normal one.

    Averaged over pairs: anomalous windows video by video in time, with the farthest normal window
    of each video, then the second farthest of each, … (`norm.distance_BT` ranks them).
    """
    normal_NTF, anomalous_NTF = norm.features_BTF.chunk(2)
    order_NT = norm.distance_BT.chunk(2)[0].argsort(dim=1, descending=True)
    ranked_NTF = normal_NTF.take_along_dim(order_NT[..., None], dim=1)
    ranked_NT = masks.normal_NT.take_along_dim(order_NT, dim=1)
    normal_MF = ranked_NTF.transpose(0, 1)[ranked_NT.T]
    anomalous_MF = anomalous_NTF[masks.anomalous_NT]
    near_M, far_M = (
        distance(x_MF, norm.mean_F, norm.variance_F) for x_MF in (normal_MF, anomalous_MF)
    )
    return F.relu(near_M - far_M + margin).mean()


def loss(
    outputs: Outputs,
    masks: Sequence[tuple[Tensor, Tensor]] | None = None,
    config: BNWVADConfig = BNWVADConfig(),
) -> Tensor:
    """The whole loss of `network.outputs(x_BTD)`, normal videos first.

    The length of each normal video's probabilities, averaged, and for each BatchNorm a weighted
    triplet term. `masks`, one pair (normal [N, T], anomalous [N, T]) for each BatchNorm, are true
    for the windows that it takes; they are selected by distance when not given. At least three
    windows in all are needed to select one.
    """
    if masks is None:
        masks = [select(norm.distance_BT, config) for norm in outputs.norms]
    total: Tensor = torch.linalg.vector_norm(outputs.p_BT.chunk(2)[0], dim=1).mean()
    for norm, mask, weight in zip(outputs.norms, masks, config.triplet_weights, strict=True):
        booleans = Masks(mask[0].bool(), mask[1].bool())
        total = total + weight * triplet(norm, booleans, config.margin)
    return total


def objective(network: BatchNormWVAD, normal_BTD: Tensor, anomalous_BTD: Tensor) -> Tensor:
    """The loss for as many normal as anomalous videos ([B, T, D] or [B, C, T, D] each)."""
    outputs = network.outputs(torch.cat([normal_BTD, anomalous_BTD]))
    return loss(outputs, config=network.config)


def _rank(x: Tensor) -> Tensor:
    """Along the last axis: 0 for the greatest, 1 for the next, …"""
    return x.argsort(dim=-1, descending=True).argsort(dim=-1)
