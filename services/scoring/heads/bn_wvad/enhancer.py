"""BN-WVAD's feature enhancer: each window hears of those around it.

Shapes: N videos or crops of them, T windows, D dimensions of an embedding, E width, H attention
heads, K dimensions of one.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.bn_wvad.config import BNWVADConfig


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


class Enhancer(nn.Module):
    """A convolution over three windows, and transformer blocks over all of them."""

    def __init__(
        self, config: BNWVADConfig, padding: Literal["zeros", "replicate"] = "zeros"
    ) -> None:
        super().__init__()
        self.sums_to_one = config.distance_sums_to_one
        self.embedding = nn.Conv1d(config.dim, config.width, 3, padding=1, padding_mode=padding)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))

    def forward(self, x_NTD: Tensor) -> Tensor:
        x_NTE = F.relu(self.embedding(x_NTD.transpose(1, 2))).transpose(1, 2)
        near_TT = nearness(x_NTD.shape[1], self.sums_to_one, x_NTE)
        for block in self.blocks:
            x_NTE = block(x_NTE, near_TT)
        return x_NTE
