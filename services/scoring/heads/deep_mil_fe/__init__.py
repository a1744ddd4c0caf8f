"""Deep MIL behind BN-WVAD's feature enhancer."""

from services.scoring.heads.deep_mil.ranking import loss
from services.scoring.heads.deep_mil_fe.config import DeepMILFEConfig as Config
from services.scoring.heads.deep_mil_fe.model import DeepMILFE as Network
from services.scoring.heads.deep_mil_fe.model import objective

__all__ = ["Config", "Network", "loss", "objective"]
