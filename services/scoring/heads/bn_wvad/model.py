"""BN-WVAD: what lies far from the mean of a BatchNorm is unusual.

Y. Zhou, Y. Qu, X. Xu, F. Shen, J. Song, H. Shen, "BatchNorm-based Weakly Supervised Video Anomaly
Detection" (arXiv:2311.15367). Shapes: B videos, C crops (optional), N = B·C, T windows, D
dimensions of an embedding, E width, H attention heads, K dimensions of one, F channels that a
BatchNorm takes.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.bn_wvad.config import BNWVADConfig


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


def nearness(windows: int, sums_to_one: str, like: Tensor) -> Tensor:
    """How much window t hears of window s [T, T]: exp(-|t - s| / e), normalised."""
    at_T = torch.arange(windows, device=like.device)
    near_TT = torch.exp(-(at_T[:, None] - at_T).abs() / math.e)
    # Rows and columns have the same sums: dividing along the last axis evens out the columns.
    sum_T = near_TT.sum(dim=-1)
    return (near_TT / (sum_T if sums_to_one == "columns" else sum_T[:, None])).to(like)


class Attention(nn.Module):
    """Two attentions side by side: by content, and by distance in time alone."""

    def __init__(self, config: BNWVADConfig) -> None:
        super().__init__()
        inner = config.heads * config.head_dim
        self.heads = config.heads
        self.split = nn.Linear(config.width, 4 * inner, bias=False)
        self.join = nn.Linear(2 * inner, config.width)

    def forward(self, x_NTE: Tensor, near_TT: Tensor) -> Tensor:
        parts = self.split(x_NTE).chunk(4, dim=-1)
        q, k, v, w_NHTK = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        content_NHTT = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(dim=-1)
        both = torch.cat([content_NHTT @ v, near_TT @ w_NHTK], dim=-1)
        joined: Tensor = self.join(both.transpose(1, 2).flatten(2))
        return joined


class Block(nn.Module):
    """A transformer block, normalised before each part."""

    def __init__(self, config: BNWVADConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.feed_norm = nn.LayerNorm(config.width)
        self.feed = nn.Sequential(
            nn.Linear(config.width, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width),
        )

    def forward(self, x_NTE: Tensor, near_TT: Tensor) -> Tensor:
        x_NTE = self.attention(self.attention_norm(x_NTE), near_TT) + x_NTE
        fed_NTE: Tensor = self.feed(self.feed_norm(x_NTE)) + x_NTE
        return fed_NTE


class BatchNormWVAD(nn.Module):
    """Encoder, classifier with two BatchNorms; a score is (DFM1 + DFM2) · p."""

    def __init__(self, config: BNWVADConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.context
        widths = (config.width, *(config.width // ratio for ratio in config.ratios), 1)
        self.embedding = nn.Conv1d(config.dim, config.width, 3, padding=1)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
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
        x_NFT, norms = self._encoded(x_BTD.flatten(0, -3)).transpose(1, 2), []
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

    def _encoded(self, x_NTD: Tensor) -> Tensor:
        x_NTE = F.relu(self.embedding(x_NTD.transpose(1, 2))).transpose(1, 2)
        near_TT = nearness(x_NTD.shape[1], self.config.distance_sums_to_one, x_NTE)
        for block in self.blocks:
            x_NTE = block(x_NTE, near_TT)
        return x_NTE


def _mean(x: Tensor, crops: int) -> Tensor:
    """[B·C, …] averaged over crops: [B, …]."""
    return x.reshape(-1, crops, *x.shape[1:]).mean(dim=1)
