"""YOLOv8-pose as one torch module: pixels in, what its last convolutions say out.

The layers are Ultralytics', built from its own description; boxes and keypoints are made of their
output in `decode`, in float32 whatever the network computes in, and only for the few places where
somebody may stand.

Shapes: B frames, H height, W width, C colours; A places; D = 64 for the box, 1 for the person,
51 for the keypoints.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from services.features.pose.silent_ultralytics import quiet
from services.features.pose.weights import Size
from services.features.weights import FetchError


class PixelsToPlaces(nn.Module):
    """uint8 RGB [B, H, W, 3], sides multiples of 32 -> [B, A, 116], A from fine to coarse."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers: Any = layers[:-1]
        self.head: Any = layers[-1]

    def forward(self, pixels_BHWC: Tensor) -> Tensor:
        x = pixels_BHWC.permute(0, 3, 1, 2) / 255
        outputs: list[Tensor] = []
        for layer in self.layers:
            # `f` says where a layer takes its input from; -1 is the layer before.
            x = layer(x if layer.f == -1 else [x if k == -1 else outputs[k] for k in layer.f])
            outputs.append(x)
        return torch.cat(
            [self._places(outputs[k], level) for level, k in enumerate(self.head.f)], 1
        )

    def _places(self, x: Tensor, level: int) -> Tensor:
        parts = [branch[level](x) for branch in (self.head.cv2, self.head.cv3, self.head.cv4)]
        return torch.cat(parts, 1).flatten(2).transpose(1, 2)


def build(size: Size, state: Mapping[str, Tensor]) -> PixelsToPlaces:
    """The network in evaluation mode, batch norms folded into the convolutions before them.

    Raises FetchError when the weights are not those of this architecture.
    """
    quiet()
    from ultralytics.nn.tasks import PoseModel

    model = PoseModel(f"yolov8{size}-pose.yaml", verbose=False)
    folded = not any(".bn." in name for name in state)
    if folded:
        model.fuse(verbose=False)
    _fill(model, state, f"yolov8{size}-pose")
    if not folded:
        model.fuse(verbose=False)
    return PixelsToPlaces(model.model).eval().requires_grad_(False)


def _fill(model: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    try:
        missing, unknown = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise FetchError(f"these are not the weights of {name}: {error}") from error
    # Its last layer holds the numbers 0 to 15 as a convolution, which `decode` knows by heart.
    if unknown or any(".dfl." not in one for one in missing):
        raise FetchError(f"these are not the weights of {name}")
