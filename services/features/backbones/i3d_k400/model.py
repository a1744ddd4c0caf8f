"""Inflated Inception (I3D), RGB stream, Kinetics-400.

Carreira & Zisserman, "Quo Vadis, Action Recognition? A New Model and the Kinetics Dataset",
CVPR 2017 (arXiv:1705.07750), figure 3. Batch norms are folded into the convolutions when the
weights are converted (checkpoint.py), so a unit here is a convolution with bias and a ReLU.

Shapes: B batch, C channels, T frames, H height, W width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

FEATURES = 1024
CLASSES = 400

Size3 = tuple[int, int, int]


def same_pad(x_BCTHW: Tensor, kernel: Size3, stride: Size3) -> Tensor:
    """Pad with zeros as TensorFlow's SAME does: the odd one goes to the end, not to the start."""
    pads: list[int] = []
    for length, k, s in zip(reversed(x_BCTHW.shape[2:]), kernel[::-1], stride[::-1], strict=True):
        outputs = -(-int(length) // s)
        total = max((outputs - 1) * s + k - int(length), 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x_BCTHW, pads) if any(pads) else x_BCTHW


class Unit3D(nn.Module):
    """Convolution (SAME), bias, ReLU."""

    def __init__(self, c_in: int, c_out: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.kernel: Size3 = (kernel, kernel, kernel)
        self.stride: Size3 = (stride, stride, stride)
        self.conv = nn.Conv3d(c_in, c_out, self.kernel, self.stride)

    def forward(self, x_BCTHW: Tensor) -> Tensor:
        return F.relu(self.conv(same_pad(x_BCTHW, self.kernel, self.stride)))


class MaxPool3D(nn.Module):
    """Max pooling (SAME). Zeros may pad: everything pooled here has gone through a ReLU."""

    def __init__(self, kernel: Size3, stride: Size3) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x_BCTHW: Tensor) -> Tensor:
        return F.max_pool3d(same_pad(x_BCTHW, self.kernel, self.stride), self.kernel, self.stride)


class Inception(nn.Module):
    """Four branches beside one another: 1, 1-3, 1-3, pool-1 (figure 3, right)."""

    def __init__(self, c_in: int, widths: Sequence[int]) -> None:
        super().__init__()
        a, b1, b2, c1, c2, d = widths
        self.branch_0 = nn.Sequential(Unit3D(c_in, a))
        self.branch_1 = nn.Sequential(Unit3D(c_in, b1), Unit3D(b1, b2, kernel=3))
        self.branch_2 = nn.Sequential(Unit3D(c_in, c1), Unit3D(c1, c2, kernel=3))
        self.branch_3 = nn.Sequential(MaxPool3D((3, 3, 3), (1, 1, 1)), Unit3D(c_in, d))

    def forward(self, x_BCTHW: Tensor) -> Tensor:
        branches = (self.branch_0, self.branch_1, self.branch_2, self.branch_3)
        return torch.cat([branch(x_BCTHW) for branch in branches], dim=1)


class I3D(nn.Module):
    """Colours in [-1, 1], 224 x 224, at least 9 frames -> (feature_BC, logits_BK)."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            Unit3D(3, 64, kernel=7, stride=2),
            MaxPool3D((1, 3, 3), (1, 2, 2)),
            Unit3D(64, 64),
            Unit3D(64, 192, kernel=3),
            MaxPool3D((1, 3, 3), (1, 2, 2)),
            Inception(192, (64, 96, 128, 16, 32, 32)),
            Inception(256, (128, 128, 192, 32, 96, 64)),
            MaxPool3D((3, 3, 3), (2, 2, 2)),
            Inception(480, (192, 96, 208, 16, 48, 64)),
            Inception(512, (160, 112, 224, 24, 64, 64)),
            Inception(512, (128, 128, 256, 24, 64, 64)),
            Inception(512, (112, 144, 288, 32, 64, 64)),
            Inception(528, (256, 160, 320, 32, 128, 128)),
            MaxPool3D((2, 2, 2), (2, 2, 2)),
            Inception(832, (256, 160, 320, 32, 128, 128)),
            Inception(832, (384, 192, 384, 48, 128, 128)),
        )
        self.logits = nn.Conv3d(FEATURES, CLASSES, kernel_size=1)

    def forward(self, x_BCTHW: Tensor) -> tuple[Tensor, Tensor]:
        x_BCT11 = F.avg_pool3d(self.trunk(x_BCTHW), kernel_size=(2, 7, 7), stride=1)
        feature_BC = x_BCT11.mean(dim=(2, 3, 4))
        logits_BK = self.logits(x_BCT11).mean(dim=(2, 3, 4))
        return feature_BC, logits_BK


class PixelsToFeature(nn.Module):
    """The way of serving: uint8 RGB windows in, pooled feature out."""

    def __init__(self, network: I3D) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels_BTHWC: Tensor) -> Tensor:
        x_BCTHW = pixels_BTHWC.permute(0, 4, 1, 2, 3).float() / 127.5 - 1.0
        feature_BC: Tensor = self.network(x_BCTHW.to(self.network.logits.weight.dtype))[0]
        return feature_BC
