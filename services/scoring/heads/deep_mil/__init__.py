"""Deep MIL ranking (Sultani et al., CVPR 2018)."""

from services.scoring.heads.deep_mil.config import DeepMILConfig as Config
from services.scoring.heads.deep_mil.model import DeepMIL as Network

__all__ = ["Config", "Network"]
