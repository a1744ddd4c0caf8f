"""Weights as carolchenyx/MGFN publishes them."""

from dataclasses import replace
from typing import Any

from services.scoring.heads.mgfn.config import Kind, MGFNConfig
from services.scoring.heads.mgfn.model import GlanceFocus
from services.scoring.heads.official import Tensors, bare, count, fill, renamed, size

NAMES = {
    r"^embedding": "to_tokens",
    r"^magnitude": "to_mag",
    r"^stages\.(\d+)\.(\d+)": r"stages.\1.0.layers.\2",
    r"\.short": ".0",
    r"\.attention\.split": ".1.to_qkv",
    r"\.attention\.value": ".1.to_v",
    r"\.attention\.near": ".1.rel_pos",
    r"\.attention\.join": ".1.to_out",
    r"\.attention": ".1",
    r"\.feed\.3": ".2.4",
    r"\.feed": ".2",
    r"^widen\.(\d+)": r"stages.\1.1",
    r"^norm": "to_logits.0",
    r"^score": "fc",
    r"\.gain$": ".g",
    r"\.shift$": ".b",
}
HEAD_DIM = 64
"""What a head is wide in all of the published code; a glance's weights do not tell it."""


def from_official(state_dict: Tensors, **choices: Any) -> GlanceFocus:
    """The network of published weights; all sizes are read from the tensors.

    `choices` are fields of the config that weights cannot tell (`magnitude_ratio`, `context`, …).
    Raises ValueError that names what is missing, unknown or of another shape.
    """
    tensors = bare(state_dict)
    network = GlanceFocus(replace(_config(tensors), **choices))
    return fill(network, tensors, lambda name: renamed(name, NAMES))


def _config(tensors: Tensors) -> MGFNConfig:
    stages = range(max(1, count(tensors, r"stages\.(\d+)\.0\.layers\.0\.0\.weight")))
    firsts = [f"stages.{stage}.0.layers.0" for stage in stages]
    widths = tuple(size(tensors, f"{first}.0.weight") for first in firsts)
    near = [f"{first}.1.rel_pos.weight" for first in firsts if _kind(tensors, first) == "focus"]
    return MGFNConfig(
        dim=size(tensors, "to_tokens.weight", 1),
        widths=widths,
        depths=tuple(
            count(tensors, rf"stages\.{stage}\.0\.layers\.(\d+)\.0\.weight") for stage in stages
        ),
        kinds=tuple(_kind(tensors, first) for first in firsts),
        heads=tuple(_heads(tensors, first) for first in firsts),
        head_dim=HEAD_DIM,
        kernel=size(tensors, near[0], 2) if near else MGFNConfig.kernel,
        expansion=max(1, size(tensors, f"{firsts[0]}.2.1.weight") // widths[0]),
    )


def _kind(tensors: Tensors, first: str) -> Kind:
    return "focus" if f"{first}.1.to_v.weight" in tensors else "glance"


def _heads(tensors: Tensors, first: str) -> int:
    if _kind(tensors, first) == "focus":
        return size(tensors, f"{first}.1.rel_pos.weight")
    return max(1, size(tensors, f"{first}.1.to_qkv.weight") // (3 * HEAD_DIM))
