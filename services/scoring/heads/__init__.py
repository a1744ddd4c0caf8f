"""Heads: how unusual an embedding is. A folder each; `load` is the door for the service."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from schemas.clips import ClipSpec
from services.scoring.core import Rule
from services.scoring.folders import DEFAULT
from services.scoring.heads.card import Card, MismatchError
from services.scoring.heads.checkpoint import CheckpointError, read
from services.scoring.heads.live import contexts
from services.scoring.heads.registry import HEADS, Network, Takes, package, takes

Vectors = NDArray[np.float32]


class Head:
    """A trained head with its card."""

    def __init__(self, network: Network, card: Card) -> None:
        self._network, self.card = network, card

    @property
    def name(self) -> str:
        return self.card.head

    @property
    def model_id(self) -> str:
        return self.card.model_id

    @property
    def rule(self) -> Rule:
        """The persistence rule whose marks go with this head."""
        return self.card.rule

    def check(self, backbone: str, window: int, spec: ClipSpec, dim: int) -> None:
        """Raise MismatchError when this head was not trained on such embeddings."""
        self.card.check(backbone, window, spec, dim)

    @property
    def context(self) -> int:
        """How many windows up to now `score_latest` looks at."""
        return self._network.context

    @property
    def takes(self) -> Takes:
        """Which rows it looks at: the source's windows, or the frames of each person."""
        return takes(self.name)

    def judge(self, rows: Sequence[Vectors]) -> float:
        """The highest raw score among rows in order of time; where there is no row, the lowest
        score that the head can give.
        """
        return max(map(self.score_latest, rows), default=self.card.calibration.raw[0])

    def score_latest(self, past_TD: Vectors) -> float:
        """Raw score of the latest of windows in a row, none of which a gap parts from the next.

        Windows before the `context` latest are not looked at; where there are fewer the first one
        stands in for them. ValueError where there is none, or on another D.
        """
        if past_TD.ndim != 2 or past_TD.shape[1] != self.card.dim or not len(past_TD):
            raise ValueError(f"windows are {past_TD.shape}, expected (T, {self.card.dim}), T > 0")
        # A copy: what comes from a message cannot be written to, which torch warns about.
        x_TD = torch.from_numpy(np.array(past_TD, np.float32))
        window_TCD = contexts(x_TD[-self.context :], self.context)[-1:]
        with torch.inference_mode():
            return float(self._network(window_TCD)[0, -1])

    def calibrate(self, raw: float) -> float:
        """A score in [0, 1], on which the marks of the rule stand."""
        return self.card.calibration.apply(raw)


def load(path: Path) -> Head:
    """The head in a folder. Raises CheckpointError."""
    return Head(*read(path))


def load_official(name: str, state_dict: Mapping[str, Any], **choices: Any) -> nn.Module:
    """The network of published weights, in eval mode: [B, T, D] -> scores [B, T].

    `choices` are what the weights cannot tell: the head's `from_official` says which there are.
    Raises ValueError for a head without published weights, or for tensors that are not its own.
    """
    head = package(name)
    if not hasattr(head, "from_official"):
        raise ValueError(f"no weights were published for {name}")
    network: nn.Module = head.from_official(state_dict, **choices)
    return network.eval()


__all__ = [
    "DEFAULT",
    "HEADS",
    "Card",
    "CheckpointError",
    "Head",
    "MismatchError",
    "load",
    "load_official",
]
