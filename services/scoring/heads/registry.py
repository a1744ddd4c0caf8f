"""The heads there are, a folder each. A head's package offers:

- `Config`: a frozen dataclass; `dim` is the size of an embedding, all else has a default.
- `Network(config)`: a torch module. In eval mode `[B, T, D] -> [B, T]`; `context` says at how many
  windows up to now it must look in a live stream (1: each by itself), `bounds()` what it can give.
  Where `is_causal` is true of it, a longer row gives each window the score that the `context`
  windows up to it give, and what stands before the first window is the first window again.
- `objective(network, normal_BTD, anomalous_BTD) -> Tensor`: what training minimises for a batch of
  bags (videos of which only the whole is labelled).
  `Config` holds what training starts from: `optimizer`, `lr`, `weight_decay`, `batch` bags of
  either kind, `segments` a bag; where `consecutive` is true it is so many windows in a row instead.
- `Network.prepare(normal_BTD)`, where a head must have seen all normal training data before.
- `loss`: the paper's loss itself, on what the network puts out.
- `from_official(state_dict) -> Network`, where weights were published.
- `takes`: "windows" of the source, as all do that do not say so, or the frames of each of the
  "persons" in it.
"""

from importlib import import_module
from types import ModuleType
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from services.rules.cards import require_head

Takes = Literal["windows", "persons"]


class Network(Protocol):
    """A head's torch module."""

    context: int

    def __call__(self, x_BTD: Tensor) -> Tensor: ...

    def bounds(self) -> tuple[float, float]: ...


def package(name: str) -> ModuleType:
    """The head's package. Raises ValueError for a name that no head has."""
    return import_module(f"services.scoring.heads.{require_head(name)}")


def takes(name: str) -> Takes:
    """Which rows the head takes."""
    rows: Takes = getattr(package(name), "takes", "windows")
    return rows


def build(name: str, dim: int, config: dict[str, Any]) -> nn.Module:
    """An untrained network. Raises TypeError for settings that the head does not know."""
    head = package(name)
    network: nn.Module = head.Network(head.Config(dim=dim, **config))
    return network


def contexts(x_TD: Tensor, context: int) -> Tensor:
    """For each window the `context` latest ones up to it: [T, C, D]; the first one is repeated."""
    before_TD = x_TD[:1].expand(context - 1, -1)
    return torch.cat([before_TD, x_TD]).unfold(0, context, 1).transpose(1, 2)


def live_scores(network: Network, x_TD: Tensor, batch: int = 256) -> Tensor:
    """Scores [T] as a live stream gives them, whatever the head does with a whole video."""
    windows_TCD = contexts(x_TD, network.context)
    starts = range(0, len(windows_TCD), batch)
    scores = [network(windows_TCD[start : start + batch])[:, -1] for start in starts]
    return torch.cat(scores) if scores else x_TD.new_zeros(0)
