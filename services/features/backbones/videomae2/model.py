"""VideoMAE v2's vision transformer, as it is fine-tuned for classification.

Wang et al., "VideoMAE V2: Scaling Video Masked Autoencoders with Dual Masking", CVPR 2023
(arXiv:2303.16727). The layers are those of VideoMAE in transformers; here they are put together
as the official code does: the mean of all tokens, a layer norm, a linear classifier.

Shapes: B windows, C colours, T frames, H height, W width, N tokens, D width, K classes.
"""

import logging
from typing import Any

import torch
from torch import Tensor, nn
from transformers import VideoMAEConfig, VideoMAEForVideoClassification

FRAMES = 16
SIZE = 224
EPSILON = 1e-6
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
DARKEST = min(-mean / std for mean, std in zip(MEAN, STD, strict=True))
BRIGHTEST = max((1 - mean) / std for mean, std in zip(MEAN, STD, strict=True))

log = logging.getLogger(__name__)


def build(**sizes: Any) -> VideoMAEForVideoClassification:
    """The network of these sizes (fields of VideoMAEConfig), with weights of no meaning."""
    config = VideoMAEConfig(
        image_size=SIZE,
        num_frames=FRAMES,
        layer_norm_eps=EPSILON,
        use_mean_pooling=True,
        **sizes,
    )
    network: Any = VideoMAEForVideoClassification(config)  # type: ignore[no-untyped-call]
    network.eval()
    # transformers leaves this one norm at torch's default of 1e-5.
    network.fc_norm.eps = EPSILON
    # A plain attribute would be copied to the GPU anew at every pass.
    embeddings = network.videomae.embeddings
    positions_1ND = embeddings.position_embeddings
    del embeddings.position_embeddings
    embeddings.register_buffer("position_embeddings", positions_1ND, persistent=False)
    built: VideoMAEForVideoClassification = network
    return built


class VideoMAE2(nn.Module):
    """ImageNet-normalised [B, 3, 16, 224, 224] -> (feature_BD, logits_BK).

    The feature is what the classifier takes. Warns once when its input looks un-normalised.
    """

    def __init__(self, network: VideoMAEForVideoClassification) -> None:
        super().__init__()
        self.dim: int = network.config.hidden_size
        self.embeddings = network.videomae.embeddings
        self.encoder = network.videomae.encoder
        self.fc_norm: Any = network.fc_norm
        self.classifier = network.classifier
        self._warned = False

    def forward(self, x_BCTHW: Tensor) -> tuple[Tensor, Tensor]:
        if not self._warned and (complaint := looks_unnormalised(x_BCTHW)):
            log.warning("VideoMAE v2: %s", complaint)
            self._warned = True
        feature_BD = self.feature(x_BCTHW)
        return feature_BD, self.classifier(feature_BD)

    def feature(self, x_BCTHW: Tensor) -> Tensor:
        """The feature alone, for input that is known to be normalised."""
        x_BND = self.embeddings(x_BCTHW.transpose(1, 2), None)
        tokens_BND = self.encoder(x_BND).last_hidden_state
        feature_BD: Tensor = self.fc_norm(tokens_BND.mean(1))
        return feature_BD


class PixelsToFeature(nn.Module):
    """The way of serving: uint8 RGB windows in, feature out."""

    scale: Tensor
    shift: Tensor

    def __init__(self, network: VideoMAE2) -> None:
        super().__init__()
        self.network = network
        scale, shift = (torch.tensor(values) for values in zip(*_affine(), strict=True))
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, pixels_BTHWC: Tensor) -> Tensor:
        x_BTHWC = pixels_BTHWC.float() * self.scale + self.shift
        dtype = next(self.network.parameters()).dtype
        return self.network.feature(x_BTHWC.permute(0, 4, 1, 2, 3).to(dtype))


def looks_unnormalised(x_BCTHW: Tensor) -> str:
    """What is odd about input that should be (rgb / 255 - mean) / std; empty if nothing is."""
    if x_BCTHW.numel() == 0:
        return ""
    low, high = (float(value) for value in x_BCTHW.aminmax())
    seen = f"the input reaches from {low:.3g} to {high:.3g}"
    if low < DARKEST - 0.05 or high > BRIGHTEST + 0.05:
        return f"{seen}; ImageNet-normalised pixels lie in {DARKEST:.2f} to {BRIGHTEST:.2f}"
    if low == high:
        return f"{seen}: every value is the same"
    if low >= 0 and high <= 1:
        return f"{seen}, like pixels that were divided by 255 but not normalised by mean and std"
    return ""


def _affine() -> list[tuple[float, float]]:
    """(scale, shift) a colour such that pixel * scale + shift is normalised."""
    return [(1 / (255 * std), -mean / std) for mean, std in zip(MEAN, STD, strict=True)]
