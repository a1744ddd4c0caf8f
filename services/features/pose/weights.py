"""Weights of YOLOv8-pose: how any form of them becomes a state dict.

Taken are Ultralytics' own checkpoints (a pickled network), and bare state dicts (.pt, or
.safetensors) of the same architecture, with batch norms or folded.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from services.features.pose.silent_ultralytics import quiet
from services.features.weights import FetchError

if TYPE_CHECKING:
    from torch import Tensor

Size = Literal["n", "s", "m"]
HOLDERS = ("ema", "model", "state_dict")
"""Where in a checkpoint the network is, the best first; a bare state dict has none of them."""


def read(path: Path) -> "dict[str, Tensor]":
    """The state dict, float32, names as in Ultralytics' `PoseModel`. Raises FetchError."""
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    network = next((content[name] for name in HOLDERS if content.get(name)), content)
    state: dict[str, Any] = network.state_dict() if hasattr(network, "state_dict") else network
    if not state or not all(hasattr(value, "is_floating_point") for value in state.values()):
        raise FetchError(f"{path} holds no weights of a network")
    return {name: value.float() for name, value in state.items()}


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        loaded: dict[str, Any] = load_file(path)
    except SafetensorError as error:
        raise FetchError(f"{path} cannot be read as weights: {error}") from error
    return loaded


def _pickled(path: Path) -> dict[str, Any]:
    """What a .pt holds. Only layers that torch and Ultralytics know are built, no code is run."""
    quiet()
    from ultralytics.nn.tasks import torch_safe_load

    try:
        loaded: dict[str, Any] = torch_safe_load(str(path), safe_only=True)[0]
    except (TypeError, AttributeError, ModuleNotFoundError) as error:
        raise FetchError(f"{path} cannot be read as weights: {error}") from error
    return loaded
