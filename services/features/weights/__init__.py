"""Files of weights: registry (which there are), store (which are here), download (the rest)."""

from services.features.weights.registry import MODELS, FetchError, Model, Source
from services.features.weights.store import Weights

__all__ = ["MODELS", "FetchError", "Model", "Source", "Weights"]
