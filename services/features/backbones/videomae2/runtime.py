"""VideoMAE v2 small and base as backbones: one clip of 16 frames, 224 x 224, at a time."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from services.features.backbones.base import Network
from services.features.weights import MODELS, FetchError, Weights
from services.features.weights.store import ensure

if TYPE_CHECKING:
    from services.features.backbones.videomae2.model import PixelsToFeature


def _network(name: str, dim: int) -> Network:
    return Network(
        id=name,
        window=1,
        frames=16,
        size=224,
        dim=dim,
        weights=partial(_weights, name),
        model=partial(_model, dim),
    )


def _weights(name: str, cache: Path) -> Weights:
    (source,) = MODELS[name].sources
    return ensure(cache, name, source.name)


def _model(dim: int, weights: Path) -> "PixelsToFeature":
    from services.features.backbones.videomae2.checkpoint import load
    from services.features.backbones.videomae2.model import PixelsToFeature

    network = load(weights)
    if network.dim != dim:
        raise FetchError(f"{weights} holds a network of width {network.dim}, expected {dim}")
    return PixelsToFeature(network).eval()


NETWORKS = {
    "videomae2_s_k710": _network("videomae2_s_k710", 384),
    "videomae2_b_k710": _network("videomae2_b_k710", 768),
}
