"""MGFN (Chen et al., AAAI 2023, arXiv:2211.15098)."""

from services.scoring.heads.mgfn.checkpoint import from_official
from services.scoring.heads.mgfn.config import MGFNConfig as Config
from services.scoring.heads.mgfn.losses import loss, objective
from services.scoring.heads.mgfn.model import GlanceFocus as Network

__all__ = ["Config", "Network", "from_official", "loss", "objective"]
