"""The I3D port: padding as TensorFlow does it, shapes of the paper, and numbers that stay."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

from services.features.backbones.i3d_k400.model import I3D, PixelsToFeature, Unit3D, same_pad


def conv_by_hand(x: list[float], kernel: list[float], stride: int) -> list[float]:
    """One dimension of TensorFlow's SAME, written from its definition."""
    outputs = -(-len(x) // stride)
    total = max((outputs - 1) * stride + len(kernel) - len(x), 0)
    padded = [0.0] * (total // 2) + x + [0.0] * (total - total // 2)
    return [
        sum(padded[start * stride + k] * weight for k, weight in enumerate(kernel))
        for start in range(outputs)
    ]


@pytest.mark.parametrize(
    ("length", "kernel", "stride"), [(8, 3, 2), (9, 3, 2), (8, 7, 2), (7, 2, 2), (5, 3, 1)]
)
def test_padding_is_that_of_tensorflow(length: int, kernel: int, stride: int) -> None:
    x = np.arange(1.0, length + 1).tolist()
    weights = np.linspace(-1, 2, kernel).tolist()
    x_BCTHW = torch.tensor(x).view(1, 1, length, 1, 1)
    padded = same_pad(x_BCTHW, (kernel, 1, 1), (stride, 1, 1))
    ours = F.conv3d(padded, torch.tensor(weights).view(1, 1, kernel, 1, 1), stride=(stride, 1, 1))
    assert ours.flatten().tolist() == pytest.approx(conv_by_hand(x, weights, stride), abs=1e-4)


def test_the_first_unit_pads_more_at_the_end_than_at_the_start() -> None:
    unit = Unit3D(1, 1, kernel=7, stride=2)
    torch.nn.init.ones_(unit.conv.weight)
    torch.nn.init.zeros_(unit.conv.bias)
    ones = torch.ones(1, 1, 8, 224, 224)
    # 2 zeros before and 3 after: the first output sees 5 of 7 samples in every direction.
    with torch.inference_mode():
        corner = unit(ones)[0, 0, 0, 0, 0]
    assert float(corner) == 5**3


@pytest.fixture(scope="module")
def small_network() -> I3D:
    torch.manual_seed(3)
    return I3D().eval()


def test_shapes_are_those_of_the_paper(small_network: I3D) -> None:
    with torch.inference_mode():
        feature, logits = small_network(torch.zeros(2, 3, 16, 224, 224))
    assert feature.shape == (2, 1024)
    assert logits.shape == (2, 400)


def test_numbers_stay(small_network: I3D) -> None:
    """A regression with seeded weights: whoever changes the network notices here."""
    frames = torch.arange(16 * 224 * 224 * 3).remainder(251).to(torch.uint8)
    pixels = frames.view(1, 16, 224, 224, 3)
    with torch.inference_mode():
        feature = PixelsToFeature(small_network)(pixels)
        expected, _ = small_network(pixels.permute(0, 4, 1, 2, 3).float() / 127.5 - 1)
    assert torch.allclose(feature, expected)
    assert float(feature.mean()) == pytest.approx(0.00692136, abs=1e-6)
    assert float(feature.std()) == pytest.approx(0.01007892, abs=1e-6)
