"""Deep MIL on enhanced features: what was seen around a window helps to judge it.

The enhancer is that of BN-WVAD (arXiv:2311.15367), the rest Deep MIL (arXiv:1801.04264).
Shapes: B videos, T windows, D dimensions of an embedding.
"""

from torch import Tensor, nn

from services.scoring.heads.bn_wvad.enhancer import Enhancer
from services.scoring.heads.deep_mil.model import DeepMIL
from services.scoring.heads.deep_mil.ranking import loss
from services.scoring.heads.deep_mil_fe.config import DeepMILFEConfig


class DeepMILFE(nn.Module):
    """The enhancer, and Deep MIL's three layers on what it puts out."""

    def __init__(self, config: DeepMILFEConfig) -> None:
        super().__init__()
        self.config, self.context = config, config.context
        self.enhancer = Enhancer(config.enhancer, config.padding)
        self.mil = DeepMIL(config.mil)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Scores [B, T] in (0, 1). Each depends on all windows it is given."""
        scores_BT: Tensor = self.mil(self.enhancer(x_BTD))
        return scores_BT

    def bounds(self) -> tuple[float, float]:
        return self.mil.bounds()


def objective(network: DeepMILFE, normal_BTD: Tensor, anomalous_BTD: Tensor) -> Tensor:
    """The ranking loss of Deep MIL. Scores of half precision are made whole again first."""
    normal_BT, anomalous_BT = network(normal_BTD).float(), network(anomalous_BTD).float()
    return loss(normal_BT, anomalous_BT, network.config.mil)
