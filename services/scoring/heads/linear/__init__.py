"""Regularised logistic regression on the unit-length embedding."""

from services.scoring.heads.linear.config import LinearConfig as Config
from services.scoring.heads.linear.model import Linear as Network

__all__ = ["Config", "Network"]
