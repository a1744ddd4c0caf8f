"""Deep multiple-instance ranking.

W. Sultani, C. Chen, M. Shah, "Real-world Anomaly Detection in Surveillance Videos", CVPR 2018
(arXiv:1801.04264). A bag is a video, its instances are windows in order; only the bag is labelled.
Shapes: B windows, D dimensions, N bags, T instances a bag.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.deep_mil.config import DeepMILConfig


class DeepMIL(nn.Module):
    """Three fully connected layers, 512 - 32 - 1 (section 4.1), on the unit-length embedding."""

    context = 1

    def __init__(self, config: DeepMILConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(config.dim, config.hidden),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.narrow),
            nn.Dropout(config.dropout),
            nn.Linear(config.narrow, 1),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x_BD: Tensor) -> Tensor:
        """Anomaly scores in (0, 1)."""
        logits_B: Tensor = self.layers(F.normalize(x_BD, dim=-1)).squeeze(-1)
        return torch.sigmoid(logits_B)

    def bounds(self) -> tuple[float, float]:
        return 0.0, 1.0


def ranking_loss(anomalous_NT: Tensor, normal_NT: Tensor, config: DeepMILConfig) -> Tensor:
    """Equation 7: the highest instance of an anomalous bag above that of a normal one by 1,
    anomalous scores smooth in time and few. Bags are paired row by row; averaged over the pairs.
    """
    hinge_N = F.relu(1 - anomalous_NT.amax(dim=1) + normal_NT.amax(dim=1))
    smooth_N = (anomalous_NT[:, 1:] - anomalous_NT[:, :-1]).square().sum(dim=1)
    sparse_N = anomalous_NT.sum(dim=1)
    return (hinge_N + config.smoothness * smooth_N + config.sparsity * sparse_N).mean()
