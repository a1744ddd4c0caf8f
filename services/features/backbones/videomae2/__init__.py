"""VideoMAE v2: model (the paper), checkpoint (official weights), runtime (how it is run)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.features.backbones.videomae2.model import VideoMAE2


def load_official(source: Path | str | Mapping[str, Any], heads: int = 0) -> "VideoMAE2":
    """The network of an official fine-tuning checkpoint, in eval mode.

    It takes ImageNet-normalised float [B, 3, 16, 224, 224] and gives (feature, logits). `source` is
    a file (.pth, .safetensors) or a state dict. All sizes are read from the tensors, except the
    attention heads: 0 takes what the paper gives a network of that width. Raises ValueError.
    """
    # transformers takes seconds to import, and OpenVINO runs without it.
    from services.features.backbones.videomae2.checkpoint import load

    return load(source, heads)


__all__ = ["load_official"]
