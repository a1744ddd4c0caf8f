"""Regularised logistic regression on the unit-length embedding."""

from services.scoring.heads.linear.config import LinearConfig as Config
from services.scoring.heads.linear.model import Linear as Network
from services.scoring.heads.linear.model import loss, objective

__all__ = ["Config", "Network", "loss", "objective"]
