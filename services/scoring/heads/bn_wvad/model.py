"""BN-WVAD: what lies far from the mean of a BatchNorm is unusual.

Y. Zhou, Y. Qu, X. Xu, F. Shen, J. Song, H. Shen, "BatchNorm-based Weakly Supervised Video Anomaly
Detection" (arXiv:2311.15367). Shapes: B videos, C crops (optional), N = B·C, T windows, D
dimensions of an embedding, F channels that a BatchNorm takes.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.bn_wvad.config import BNWVADConfig
from services.scoring.heads.bn_wvad.enhancer import Enhancer


class Normed(NamedTuple):
    """What goes into one BatchNorm, and how far that is from its running mean."""

    features_BTF: Tensor
    distance_BT: Tensor
    mean_F: Tensor
    variance_F: Tensor


class Outputs(NamedTuple):
    """The classifier's probability and both BatchNorms; all averaged over crops."""

    p_BT: Tensor
    norms: tuple[Normed, ...]


def distance(x_NTF: Tensor, mean_F: Tensor, variance_F: Tensor) -> Tensor:
    """Divergence of feature from mean, DFM: Mahalanobis, of a diagonal covariance."""
    return ((x_NTF - mean_F).square() / variance_F).sum(dim=-1).sqrt()


class BatchNormWVAD(nn.Module):
    """Enhancer, classifier with two BatchNorms; a score is (DFM1 + DFM2) · p."""

    def __init__(self, config: BNWVADConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.context
        widths = (config.width, *(config.width // ratio for ratio in config.ratios), 1)
        self.enhancer = Enhancer(config)
        self.convs = nn.ModuleList(
            nn.Conv1d(ins, outs, size, padding=size // 2)
            for (ins, outs), size in zip(pairwise(widths), config.kernel_sizes, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths[1:-1])

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T], 0 and up, of embeddings [B, T, D] or [B, C, T, D]."""
        p_BT, norms = self.outputs(x_BTD)
        return torch.stack([norm.distance_BT for norm in norms]).sum(dim=0) * p_BT

    def bounds(self) -> tuple[float, float]:
        """0, and more than any embedding gives: the distance itself has no upper bound (on the
        training data it is about 10, the root of the channels of both BatchNorms)."""
        return 0.0, 1e6

    def outputs(self, x_BTD: Tensor) -> Outputs:
        """All that the loss needs. In training mode the running statistics, by which distances
        are measured, have already taken in this batch."""
        crops = x_BTD.shape[1] if x_BTD.ndim == 4 else 1
        x_NFT, norms = self.enhancer(x_BTD.flatten(0, -3)).transpose(1, 2), []
        *convs, last = self.convs
        for conv, norm in zip(convs, self.norms, strict=True):
            x_NFT = conv(x_NFT)
            before_NTF = x_NFT.transpose(1, 2)
            x_NFT = F.relu(norm(x_NFT))
            center = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
            distance_NT = distance(before_NTF, *center)
            norms.append(Normed(_mean(before_NTF, crops), _mean(distance_NT, crops), *center))
        p_NT = torch.sigmoid(last(x_NFT)).squeeze(1)
        return Outputs(_mean(p_NT, crops), tuple(norms))


def _mean(x: Tensor, crops: int) -> Tensor:
    """[B·C, …] averaged over crops: [B, …]."""
    return x.reshape(-1, crops, *x.shape[1:]).mean(dim=1)
