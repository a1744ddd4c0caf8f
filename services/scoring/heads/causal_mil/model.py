"""Our own live head: each score is made of the latest windows, and of nothing else.

Shapes: B videos, T windows, D dimensions of an embedding, H hidden, W width.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.causal_mil.config import CausalMILConfig
from services.scoring.heads.linear.model import highest


class Causal(nn.Module):
    """A convolution over a window and earlier ones; the first stands in for those before it.

    So a layer sees at the start of a video what it would if the first window had always been there:
    nothing tells where in a video a window lies.
    """

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.before = (kernel - 1) * dilation
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, kernel, dilation=dilation)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.conv.weight)  # it starts as a head that looks at one window alone

    def forward(self, x_BTW: Tensor) -> Tensor:
        x_BWT = F.pad(self.norm(x_BTW).transpose(1, 2), (self.before, 0), mode="replicate")
        heard_BTW: Tensor = self.dropout(F.gelu(self.conv(x_BWT).transpose(1, 2)))
        return x_BTW + heard_BTW


class CausalMIL(nn.Module):
    """LayerNorm, an MLP a window, causal convolutions 1, 2, 4, 8 windows apart, a sigmoid."""

    is_causal = True

    def __init__(self, config: CausalMILConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.context
        self.window = nn.Sequential(
            nn.LayerNorm(config.dim),
            nn.Linear(config.dim, config.hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.width),
        )
        self.past = nn.Sequential(
            *(
                Causal(config.width, config.kernel, 2**layer, config.dropout)
                for layer in range(config.depth)
            )
        )
        self.out = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def logits(self, x_BTD: Tensor) -> Tensor:
        """Log-odds [B, T] that a window belongs to what only anomalous videos have."""
        logits_BT: Tensor = self.out(self.past(self.window(x_BTD))).squeeze(-1)
        return logits_BT

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T] in (0, 1)."""
        return torch.sigmoid(self.logits(x_BTD))

    def bounds(self) -> tuple[float, float]:
        return 0.0, 1.0


DEFAULT = CausalMILConfig()
NEARLY = 1 - 1e-6
"""Keeps the logarithm of a score that is as wrong as can be finite."""


def loss(normal_BT: Tensor, anomalous_BT: Tensor, config: CausalMILConfig = DEFAULT) -> Tensor:
    """Of scores: a video is anomalous as its k = T // 16 + 1 highest windows are, on average.

    Cross-entropy, over all videos; anomalous scores are smooth and few.
    """
    wrong_B = torch.cat([highest(normal_BT), 1 - highest(anomalous_BT)])
    steps_BT = anomalous_BT.diff(dim=1)
    smooth = steps_BT.square().mean() if steps_BT.numel() else anomalous_BT.new_zeros(())
    ranked = -torch.log1p(-wrong_B * NEARLY).mean()
    return ranked + config.smoothness * smooth + config.sparsity * anomalous_BT.mean()


def objective(network: CausalMIL, normal_BTD: Tensor, anomalous_BTD: Tensor) -> Tensor:
    """What training minimises. In half precision the scores are made whole again first."""
    normal_BT, anomalous_BT = network(normal_BTD), network(anomalous_BTD)
    return loss(normal_BT.float(), anomalous_BT.float(), network.config)
