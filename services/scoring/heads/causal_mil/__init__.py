"""Causal MIL, ours: scores a stream from the latest windows."""

from services.scoring.heads.causal_mil.config import CausalMILConfig as Config
from services.scoring.heads.causal_mil.model import CausalMIL as Network
from services.scoring.heads.causal_mil.model import loss, objective

__all__ = ["Config", "Network", "loss", "objective"]
