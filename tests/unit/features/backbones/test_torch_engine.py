"""How torch runs a network on a GPU, shown on an imaginary one, and the reference beside it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from services.features.backbones.base import Network, Pixels
from services.features.backbones.gpu import ImaginaryGpu
from services.features.backbones.torch_engine import Torch, TorchOnGpu
from services.features.weights import Weights

FRAMES, SIZE = 4, 8


class Trunk(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv = nn.Conv3d(3, 16, 3)

    def forward(self, x_BCTHW: Tensor) -> Tensor:
        return self.conv(x_BCTHW.to(self.conv.weight.dtype)).relu().mean((2, 3, 4))


class PixelsToMeans(nn.Module):
    """As small as a backbone can be, put together as all are."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Trunk()
        self.batches: list[int] = []
        self.dtypes: set[torch.dtype] = set()

    def forward(self, pixels_BTHWC: Tensor) -> Tensor:
        self.batches.append(len(pixels_BTHWC))
        self.dtypes.add(self.network.conv.weight.dtype)
        return self.network(pixels_BTHWC.permute(0, 4, 1, 2, 3).float() / 127.5 - 1)


@pytest.fixture
def built() -> list[PixelsToMeans]:
    """The networks that engines built, the latest last; all have the same weights."""
    return []


@pytest.fixture
def network(built: list[PixelsToMeans]) -> Network:
    def build(_: Path) -> PixelsToMeans:
        built.append(PixelsToMeans())
        return built[-1]

    return Network(
        id="means",
        window=1,
        frames=FRAMES,
        size=SIZE,
        dim=16,
        weights=lambda cache: Weights(cache, ""),
        model=build,
    )


def windows(count: int) -> Pixels:
    shape = (count, FRAMES, SIZE, SIZE, 3)
    return np.random.default_rng(count).integers(0, 256, shape, np.uint8)


def on_gpu(network: Network, gpu: ImaginaryGpu | None = None) -> TorchOnGpu:
    return TorchOnGpu(network, Path(), gpu or ImaginaryGpu(), chunk=4)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 8, 19])
def test_windows_come_back_in_their_order_whatever_their_number(
    count: int, network: Network
) -> None:
    expected = Torch(network, Path()).embed(windows(count))
    found = on_gpu(network).embed(windows(count))
    assert found.shape == (count, 16)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=0.01)


def test_a_list_of_windows_is_as_good_as_an_array(network: Network) -> None:
    gpu, reference, three = on_gpu(network), Torch(network, Path()), windows(3)
    assert (gpu.embed(list(three)) == gpu.embed(three)).all()
    assert (reference.embed(list(three)) == reference.embed(three)).all()


def test_weights_are_bf16_on_a_gpu_and_pixels_go_in_chunks(
    network: Network, built: list[PixelsToMeans]
) -> None:
    gpu = ImaginaryGpu()
    engine = on_gpu(network, gpu)
    engine.embed(windows(9))
    assert built[-1].dtypes == {torch.bfloat16}
    assert built[-1].batches == gpu.uploads == [4, 4, 1]
    assert engine.precision == "bf16"


def test_memory_is_not_filled_again_before_the_gpu_has_it(network: Network) -> None:
    """The imaginary GPU refuses that; batches follow one another in any size."""
    engine, expected = on_gpu(network), Torch(network, Path())
    for count in (3, 12, 1, 8, 5):
        assert engine.embed(windows(count)) == pytest.approx(
            expected.embed(windows(count)), abs=0.01
        )
    gpu = ImaginaryGpu()
    memory = gpu.page_locked((2, FRAMES, SIZE, SIZE, 3))
    gpu.upload(memory)
    with pytest.raises(RuntimeError, match="on its way"):
        gpu.upload(memory[:1])
