"""What every backbone promises.

Shapes: B windows, T frames, H height, W width, C colours, D dimensions.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from services.features.weights import Weights

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

Pixels = NDArray[np.uint8]
Windows = Pixels | Sequence[Pixels]
Vectors = NDArray[np.float32]


class Backbone(Protocol):
    """A frozen network that turns a window of consecutive clips into one vector."""

    @property
    def id(self) -> str:
        """Name in messages and checkpoints."""

    @property
    def window(self) -> int:
        """How many consecutive clips it looks at together."""

    @property
    def frames(self) -> int:
        """Frames in a full window."""

    @property
    def size(self) -> int:
        """Height and width of the frames it wants, in pixels."""

    @property
    def dim(self) -> int: ...

    @property
    def at_once(self) -> int:
        """So many windows in one call are computed together; more only wait for one another."""

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        """RGB windows, any B (0 too) -> float32 [B, D], in order. ValueError on another shape.

        A list of windows [T, H, W, C] will do, and spares the copy that would stack them.
        """


@dataclass(frozen=True)
class Options:
    """How a backbone runs on this machine."""

    cache: Path = field(default_factory=lambda: default_cache())
    """Where weights and compiled models are kept between starts."""
    engine: Literal["auto", "openvino", "torch"] = "auto"
    """`auto`: torch where there is an NVIDIA GPU, else OpenVINO."""
    threads: int = 0
    """Threads of the CPU to use; 0 leaves it to the engine."""
    compile: bool = False
    """Let torch compile the network on a GPU."""
    precision: Literal["auto", "f32", "bf16", "int8"] = "auto"
    """What OpenVINO computes in; `auto`: what is fastest on this CPU and exact enough."""


@dataclass(frozen=True)
class Network:
    """What the engines must know of a backbone."""

    id: str
    window: int
    frames: int
    size: int
    dim: int
    weights: Callable[[Path], Weights]
    """Finds or fetches the weights, given the cache. Raises FetchError."""
    model: Callable[[Path], "nn.Module"]
    """Builds the network of a file of weights: uint8 [B, T, H, W, C] -> [B, D], eval mode."""
    highs: Path | None = None
    """How high its activations rise, as measured; what has this can be computed in int8."""


class Engine:
    """What every engine says about the network that it runs."""

    at_once = 256
    """Of torch: on a GPU windows are copied while those before them are computed."""

    def __init__(self, network: Network) -> None:
        self.id, self.window = network.id, network.window
        self.frames, self.size, self.dim = network.frames, network.size, network.dim


def default_cache() -> Path:
    """`$XDG_CACHE_HOME/nightclerk`, else `~/.cache/nightclerk`."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "nightclerk"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time: of workers that start together, the first fetches and converts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check(windows_BTHWC: Windows, frames: int, size: int) -> None:
    """Raise ValueError, naming what came and what was expected."""
    if isinstance(windows_BTHWC, np.ndarray) and windows_BTHWC.ndim != 5:
        raise ValueError(f"windows are {windows_BTHWC.shape}, expected five dimensions")
    expected = (frames, size, size, 3)
    for window_THWC in windows_BTHWC:
        if window_THWC.shape != expected:
            raise ValueError(f"a window is {window_THWC.shape}, expected {expected}")
        if window_THWC.dtype != np.uint8:
            raise ValueError(f"a window is {window_THWC.dtype}, expected uint8")


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
