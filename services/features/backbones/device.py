"""Where networks run on this machine. Imports neither torch nor OpenVINO where there is no need."""

import logging
from pathlib import Path

from services.features.backbones.base import Options

log = logging.getLogger(__name__)


def torch_device(options: Options) -> str | None:
    """Where torch runs the networks; None where OpenVINO does."""
    if options.engine != "openvino" and gpu():
        return "cuda"
    return "cpu" if options.engine == "torch" else None


def gpu() -> bool:
    """Whether torch can use an NVIDIA GPU; does not import torch where there is no driver."""
    if not Path("/dev/nvidiactl").exists():
        return False
    try:
        import torch
    except ImportError:
        log.warning("there is a GPU here, but torch is not installed")
        return False
    return torch.cuda.is_available()
