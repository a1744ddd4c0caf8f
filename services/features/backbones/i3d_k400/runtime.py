"""I3D as a backbone: two clips of 16 frames joined, 224 x 224."""

from pathlib import Path
from typing import TYPE_CHECKING

from services.features.backbones.base import Network
from services.features.backbones.i3d_k400 import checkpoint

if TYPE_CHECKING:
    from services.features.backbones.i3d_k400.model import PixelsToFeature

ID = checkpoint.ID
WINDOW = 2
DIM = 1024


def _model(weights: Path) -> "PixelsToFeature":
    from safetensors.torch import load_file

    from services.features.backbones.i3d_k400.model import I3D, PixelsToFeature

    network = I3D()
    network.load_state_dict(load_file(weights))
    return PixelsToFeature(network).eval()


NETWORKS = {
    ID: Network(
        id=ID,
        window=WINDOW,
        frames=32,
        size=224,
        dim=DIM,
        weights=checkpoint.ensure,
        model=_model,
        highs=Path(__file__).with_name("highs.json"),
    )
}
