"""Deep MIL ranking (Sultani et al., CVPR 2018)."""

from services.scoring.heads.deep_mil.checkpoint import from_official
from services.scoring.heads.deep_mil.config import DeepMILConfig as Config
from services.scoring.heads.deep_mil.model import DeepMIL as Network
from services.scoring.heads.deep_mil.ranking import loss, objective

__all__ = ["Config", "Network", "from_official", "loss", "objective"]
