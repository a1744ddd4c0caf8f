"""Weights as cool-xuan/BN-WVAD publishes them."""

from dataclasses import replace
from typing import Any

from services.scoring.heads.bn_wvad.config import BNWVADConfig
from services.scoring.heads.bn_wvad.model import BatchNormWVAD
from services.scoring.heads.official import Tensors, bare, count, fill, renamed, size

NAMES = {
    r"^enhancer\.embedding": "embedding.conv_1.0",
    r"^enhancer\.blocks\.(\d+)": r"selfatt.layers.\1",
    r"\.attention_norm": ".0.norm",
    r"\.attention\.split": ".0.fn.to_qkv",
    r"\.attention\.join": ".0.fn.to_out.0",
    r"\.feed_norm": ".1.norm",
    r"\.feed\.0": ".1.fn.net.0",
    r"\.feed\.2": ".1.fn.net.3",
    r"^convs\.0": "normal_head.conv1",
    r"^convs\.1": "normal_head.conv2",
    r"^convs\.2": "normal_head.conv3",
    r"^norms\.0": "normal_head.bn1",
    r"^norms\.1": "normal_head.bn2",
}
HEADS = 4
"""Cannot be seen in the weights; the published code knows no other number."""


def from_official(state_dict: Tensors, **choices: Any) -> BatchNormWVAD:
    """The network of published weights; all sizes are read from the tensors.

    `choices` are fields of the config that weights cannot tell (`context`, `ratio_sample`, …).
    Raises ValueError that names what is missing, unknown or of another shape.
    """
    tensors = bare(state_dict)
    network = BatchNormWVAD(replace(_config(tensors), **choices))
    return fill(network, tensors, lambda name: renamed(name, NAMES))


def _config(tensors: Tensors) -> BNWVADConfig:
    width = size(tensors, "embedding.conv_1.0.weight")
    convs = [f"normal_head.conv{number}.weight" for number in (1, 2, 3)]
    first, second, third = (size(tensors, conv, 2) for conv in convs)
    return BNWVADConfig(
        dim=size(tensors, "embedding.conv_1.0.weight", 1),
        width=width,
        depth=count(tensors, r"selfatt\.layers\.(\d+)\.0\.fn\.to_qkv\.weight"),
        heads=HEADS,
        head_dim=_part(size(tensors, "selfatt.layers.0.0.fn.to_qkv.weight"), 4 * HEADS),
        hidden=size(tensors, "selfatt.layers.0.1.fn.net.0.weight"),
        ratios=(_part(width, size(tensors, convs[0])), _part(width, size(tensors, convs[1]))),
        kernel_sizes=(first, second, third),
    )


def _part(whole: int, by: int) -> int:
    return max(1, whole // by)
