"""Deep multiple-instance ranking.

W. Sultani, C. Chen, M. Shah, "Real-world Anomaly Detection in Surveillance Videos", CVPR 2018
(arXiv:1801.04264). Shapes: B videos, T windows, D dimensions.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.deep_mil.config import DeepMILConfig


class DeepMIL(nn.Module):
    """Three fully connected layers, 512 - 32 - 1 (section 4.1)."""

    context = 1

    def __init__(self, config: DeepMILConfig) -> None:
        super().__init__()
        self.config = config
        self.fc1 = nn.Linear(config.dim, config.hidden)
        self.fc2 = nn.Linear(config.hidden, config.narrow)
        self.fc3 = nn.Linear(config.narrow, 1)
        self.dropout = nn.Dropout(config.dropout)
        for layer in (self.fc1, self.fc2, self.fc3):
            self._start(layer)

    def _start(self, layer: nn.Linear) -> None:
        """Glorot's start, normal or uniform; ekosman's biases stay as torch makes them."""
        uniform = self.config.variant == "roc_ng"
        (nn.init.xavier_uniform_ if uniform else nn.init.xavier_normal_)(layer.weight)
        if self.config.variant != "ekosman":
            nn.init.zeros_(layer.bias)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T] in (0, 1); any leading shape will do, each window stands by itself.

        Between the second layer and the third there is no activation, but in Roc-Ng's network,
        which also drops scores while it is trained: there they go up to 1 / (1 - dropout).
        """
        roc_ng = self.config.variant == "roc_ng"
        x = F.normalize(x_BTD, dim=-1) if self.config.unit_length else x_BTD
        x = self.dropout(F.relu(self.fc1(x)))
        x = self.fc2(x)
        x = self.dropout(F.relu(x) if roc_ng else x)
        scores_BT = torch.sigmoid(self.fc3(x).squeeze(-1))
        return self.dropout(scores_BT) if roc_ng else scores_BT

    def bounds(self) -> tuple[float, float]:
        return 0.0, 1.0
