"""Deep MIL on enhanced features: what was seen around a window helps to judge it.

The enhancer is the encoder of BN-WVAD (arXiv:2311.15367), the rest Deep MIL (arXiv:1801.04264).
Shapes: B videos, T windows, D dimensions of an embedding, E width.
"""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.scoring.heads.bn_wvad.config import BNWVADConfig
from services.scoring.heads.bn_wvad.model import Block, nearness
from services.scoring.heads.deep_mil.model import DeepMIL
from services.scoring.heads.deep_mil.ranking import loss
from services.scoring.heads.deep_mil_fe.config import DeepMILFEConfig, Padding


class Enhancer(nn.Module):
    """A convolution over three windows, and transformer blocks over all of them."""

    def __init__(self, config: BNWVADConfig, padding: Padding) -> None:
        super().__init__()
        self.sums_to_one = config.distance_sums_to_one
        self.embedding = nn.Conv1d(config.dim, config.width, 3, padding=1, padding_mode=padding)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))

    def forward(self, x_BTD: Tensor) -> Tensor:
        x_BTE = F.relu(self.embedding(x_BTD.transpose(1, 2))).transpose(1, 2)
        near_TT = nearness(x_BTD.shape[1], self.sums_to_one, x_BTE)
        for block in self.blocks:
            x_BTE = block(x_BTE, near_TT)
        return x_BTE


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
