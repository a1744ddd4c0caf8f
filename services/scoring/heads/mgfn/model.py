"""MGFN: a glance at the whole video, then a focus on what is near; magnitudes tell.

Y. Chen, Z. Liu, B. Zhang, W. Fok, X. Qi, Y. Wu, "MGFN: Magnitude-Contrastive Glance-and-Focus
Network for Weakly-Supervised Video Anomaly Detection", AAAI 2023 (arXiv:2211.15098).
Shapes: B videos, C crops (optional), N = B·C, T windows, D dimensions of an embedding, E width of
a stage, H heads, K dimensions of one.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from services.scoring.heads.mgfn.config import MGFNConfig


class Outputs(NamedTuple):
    """Scores, averaged over crops, and the normalised features that they are read from."""

    scores_BT: Tensor
    features_BCTE: Tensor


class ChannelNorm(nn.Module):
    """Each window normalised over its channels."""

    def __init__(self, width: int, epsilon: str) -> None:
        super().__init__()
        self.inside = epsilon == "inside"
        self.gain = nn.Parameter(torch.ones(1, width, 1))
        self.shift = nn.Parameter(torch.zeros(1, width, 1))

    def forward(self, x_NET: Tensor) -> Tensor:
        variance_N1T = x_NET.var(dim=1, correction=0, keepdim=True)
        deviation_N1T = (variance_N1T + 1e-5).sqrt() if self.inside else variance_N1T.sqrt() + 1e-5
        return (x_NET - x_NET.mean(dim=1, keepdim=True)) / deviation_N1T * self.gain + self.shift


class Glance(nn.Module):
    """Attention between all windows of a video."""

    def __init__(self, width: int, heads: int, config: MGFNConfig) -> None:
        super().__init__()
        inner, self.heads = heads * config.head_dim, heads
        self.norm = ChannelNorm(width, config.epsilon)
        self.split = nn.Conv1d(width, 3 * inner, 1, bias=False)
        self.join = nn.Conv1d(inner, width, 1)

    def forward(self, x_NET: Tensor) -> Tensor:
        parts = self.split(self.norm(x_NET)).chunk(3, dim=1)
        q, k, v_NHTK = (part.unflatten(1, (self.heads, -1)).transpose(2, 3) for part in parts)
        # Written out as in the published code: before training magnitudes differ in their sixth
        # digit only, so the last bit decides which windows are selected.
        near_NHTT = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        heard_NHTK = near_NHTT.softmax(dim=-1) @ v_NHTK
        joined_NET: Tensor = self.join(heard_NHTK.transpose(2, 3).flatten(1, 2))
        return joined_NET


class Focus(nn.Module):
    """A convolution over near windows, one kernel a head (channels take turns with the heads)."""

    def __init__(self, width: int, heads: int, config: MGFNConfig) -> None:
        super().__init__()
        inner, self.heads = heads * config.head_dim, heads
        self.norm = nn.BatchNorm1d(width)
        self.value = nn.Conv1d(width, inner, 1, bias=False)
        self.near = nn.Conv1d(heads, heads, config.kernel, padding=config.kernel // 2, groups=heads)
        self.join = nn.Conv1d(inner, width, 1)

    def forward(self, x_NET: Tensor) -> Tensor:
        v_NKHT = self.value(self.norm(x_NET)).unflatten(1, (-1, self.heads))
        near = self.near(v_NKHT.flatten(0, 1)).unflatten(0, v_NKHT.shape[:2])
        joined_NET: Tensor = self.join(near.flatten(1, 2))
        return joined_NET


class Block(nn.Module):
    """A short convolution, a glance or a focus, a feed-forward; each is added to what comes in."""

    def __init__(self, stage: int, config: MGFNConfig) -> None:
        super().__init__()
        width, heads = config.widths[stage], config.heads[stage]
        inner = width * config.expansion
        self.short = nn.Conv1d(width, width, 3, padding=1)
        kind = Glance if config.kinds[stage] == "glance" else Focus
        self.attention = kind(width, heads, config)
        self.feed = nn.Sequential(
            ChannelNorm(width, config.epsilon),
            nn.Conv1d(width, inner, 1),
            nn.GELU(),
            nn.Conv1d(inner, width, 1),
        )

    def forward(self, x_NET: Tensor) -> Tensor:
        for part in (self.short, self.attention, self.feed):
            x_NET = x_NET + part(x_NET)
        return x_NET


class GlanceFocus(nn.Module):
    """Embedding with its magnitude (feature amplification), three stages, a score a window."""

    def __init__(self, config: MGFNConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.context
        widths = config.widths
        self.embedding = nn.Conv1d(config.dim, widths[0], 3, padding=1)
        self.magnitude = nn.Conv1d(1, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(stage, config) for _ in range(depth)))
            for stage, depth in enumerate(config.depths)
        )
        self.widen = nn.ModuleList(
            nn.Sequential(ChannelNorm(ins, config.epsilon), nn.Conv1d(ins, outs, 1))
            for ins, outs in pairwise(widths)
        )
        self.norm = nn.LayerNorm(widths[-1])
        self.score = nn.Linear(widths[-1], 1)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T] in (0, 1) of embeddings [B, T, D] or [B, C, T, D].

        An embedding of one number more than `dim` has its magnitude as the last.
        """
        return self.outputs(x_BTD).scores_BT

    def bounds(self) -> tuple[float, float]:
        return 0.0, 1.0

    def outputs(self, x_BTD: Tensor) -> Outputs:
        """All that the loss needs."""
        x_BCTD = x_BTD if x_BTD.ndim == 4 else x_BTD[:, None]
        x_NET = self._amplified(x_BCTD.flatten(0, 1))
        for stage, widen in zip(self.stages, [*self.widen, nn.Identity()], strict=True):
            x_NET = widen(stage(x_NET))
        features_NTE = self.norm(x_NET.transpose(1, 2))
        features_BCTE = features_NTE.reshape(*x_BCTD.shape[:3], -1)
        scores_BCT = torch.sigmoid(self.score(features_BCTE)).squeeze(-1)
        return Outputs(scores_BCT.mean(dim=1), features_BCTE)

    def _amplified(self, x_NTD: Tensor) -> Tensor:
        if x_NTD.shape[-1] == self.config.dim:
            x_NTD = torch.cat([x_NTD, torch.linalg.vector_norm(x_NTD, dim=-1, keepdim=True)], -1)
        x_NDT, dim = x_NTD.transpose(1, 2), self.config.dim
        magnitude: Tensor = self.magnitude(x_NDT[:, dim:])
        embedded: Tensor = self.embedding(x_NDT[:, :dim])
        return embedded + self.config.magnitude_ratio * magnitude
