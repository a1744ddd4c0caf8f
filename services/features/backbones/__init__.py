"""Backbones, a folder each. `load` is the only door: no service names a network itself."""

from importlib import import_module

from services.features.backbones.base import Backbone, Network, Options, torch_device

_PACKAGES = {
    "i3d_k400": "i3d_k400",
    "videomae2_s_k710": "videomae2",
    "videomae2_b_k710": "videomae2",
}
NAMES = tuple(_PACKAGES)


def load(name: str, options: Options | None = None) -> Backbone:
    """The backbone called `name`, ready to embed. The first call on a machine fetches and converts.

    Raises ValueError for an unknown name, FetchError when weights are absent and out of reach.
    """
    options = options or Options()
    # Neither torch nor OpenVINO is imported for whoever names a network, nor the other one.
    engine = "torch_engine" if torch_device(options) else "engine"
    module = import_module(f"services.features.backbones.{engine}")
    backbone: Backbone = module.start(network(name), options)
    return backbone


def network(name: str) -> Network:
    """What there is to know of a backbone, without its weights. Raises ValueError."""
    if name not in NAMES:
        raise ValueError(f"unknown backbone {name!r}; there are: {', '.join(NAMES)}")
    runtime = import_module(f"services.features.backbones.{_PACKAGES[name]}.runtime")
    found: Network = runtime.NETWORKS[name]
    return found


def has_int8(name: str) -> bool:
    """Whether the network called `name` can be computed in int8; poses cannot."""
    return name in NAMES and network(name).highs is not None


__all__ = ["NAMES", "Backbone", "Network", "Options", "has_int8", "load", "network"]
