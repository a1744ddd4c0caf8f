"""BN-WVAD (Zhou et al., arXiv:2311.15367)."""

from services.scoring.heads.bn_wvad.checkpoint import from_official
from services.scoring.heads.bn_wvad.config import BNWVADConfig as Config
from services.scoring.heads.bn_wvad.losses import loss, objective
from services.scoring.heads.bn_wvad.model import BatchNormWVAD as Network

__all__ = ["Config", "Network", "from_official", "loss", "objective"]
