"""Backbones, a folder each. `load` is the only door: no service names a network itself."""

from importlib import import_module

from services.features.backbones.base import Backbone, Options

NAMES = ("i3d_k400",)


def load(name: str, options: Options | None = None) -> Backbone:
    """The backbone called `name`, ready to embed. The first call on a machine fetches and converts.

    Raises ValueError for an unknown name, FetchError when weights are absent and out of reach.
    """
    if name not in NAMES:
        raise ValueError(f"unknown backbone {name!r}; there are: {', '.join(NAMES)}")
    runtime = import_module(f"services.features.backbones.{name}.runtime")
    backbone: Backbone = runtime.load(options or Options())
    return backbone


__all__ = ["NAMES", "Backbone", "Options", "load"]
