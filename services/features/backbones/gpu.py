"""The port to a GPU: memory that it reads by itself, and copies that nobody waits for.

Shapes: B windows, T frames, H height, W width, C colours, D dimensions.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from services.features.backbones.base import Vectors


class Upload(Protocol):
    """Pixels that are on their way to the GPU."""

    pixels: Tensor
    """[B, T, H, W, C] on the GPU; whatever is computed with it waits for them by itself."""

    def wait(self) -> None:
        """Return once they have left the host's memory."""


class Gpu(Protocol):
    device: str

    def page_locked(self, shape: tuple[int, ...]) -> Tensor:
        """uint8 in the host's memory, where the GPU can fetch it while the CPU goes on."""

    def upload(self, host_BTHWC: Tensor) -> Upload: ...

    def download(self, vectors_BD: Tensor) -> Callable[[], Vectors]:
        """Begins to bring results back; the call waits for them and gives them."""


class Cuda:
    """An NVIDIA GPU. Copies run on a stream of their own, beside the computing."""

    device = "cuda"

    def __init__(self) -> None:
        self._copies = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def page_locked(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=torch.uint8, pin_memory=True)

    def upload(self, host_BTHWC: Tensor) -> Upload:
        with torch.cuda.stream(self._copies):
            pixels = host_BTHWC.to(self.device, non_blocking=True)
            copied = self._copies.record_event()
        computing = torch.cuda.current_stream()
        computing.wait_event(copied)
        # The memory is the copying stream's: it must not be given away while it is computed with.
        pixels.record_stream(computing)
        return _CudaUpload(pixels, copied)

    def download(self, vectors_BD: Tensor) -> Callable[[], Vectors]:
        host_BD = torch.empty(vectors_BD.shape, dtype=vectors_BD.dtype, pin_memory=True)
        host_BD.copy_(vectors_BD, non_blocking=True)
        copied = torch.cuda.current_stream().record_event()

        def wait() -> Vectors:
            copied.synchronize()
            vectors: Vectors = host_BD.numpy()
            return vectors

        return wait


class _CudaUpload:
    def __init__(self, pixels: Tensor, copied: torch.cuda.Event) -> None:
        self.pixels, self._copied = pixels, copied

    def wait(self) -> None:
        self._copied.synchronize()


class ImaginaryGpu:
    """The fake: the CPU, with the rules of a GPU. Memory that may still be on its way must not be
    sent again: then `upload` raises RuntimeError.
    """

    device = "cpu"

    def __init__(self) -> None:
        self.uploads: list[int] = []
        """How many windows each had."""
        self._under_way: set[int] = set()

    def page_locked(self, shape: tuple[int, ...]) -> Tensor:
        return torch.zeros(shape, dtype=torch.uint8)

    def upload(self, host_BTHWC: Tensor) -> Upload:
        place = host_BTHWC.data_ptr()
        if place in self._under_way:
            raise RuntimeError("this memory is still on its way to the GPU")
        self._under_way.add(place)
        self.uploads.append(len(host_BTHWC))
        return _ImaginaryUpload(host_BTHWC.clone(), lambda: self._under_way.discard(place))

    def download(self, vectors_BD: Tensor) -> Callable[[], Vectors]:
        return lambda: vectors_BD.numpy()


class _ImaginaryUpload:
    def __init__(self, pixels: Tensor, arrive: Callable[[], None]) -> None:
        self.pixels, self._arrive = pixels, arrive

    def wait(self) -> None:
        self._arrive()
