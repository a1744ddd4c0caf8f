"""Heads: how unusual an embedding is. A folder each; `load` is the door for the service."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from services.rules.cards import HEADS
from services.scoring.cards import Card, MismatchError
from services.scoring.heads.checkpoint import CheckpointError, read
from services.scoring.heads.registry import Network, Takes, package, takes

Vectors = NDArray[np.float32]
AT_ONCE = 256
"""Windows in one forward pass; more would not be faster and need memory."""


class Head:
    """A trained head with its card."""

    def __init__(self, network: Network, card: Card) -> None:
        self._network, self.card = network, card
        self.model_id = card.model_id
        self.context = network.context
        """How many windows up to now a score depends on."""
        self.takes: Takes = takes(card.head)
        """Which rows it takes: the source's windows, or the frames of each person."""

    @property
    def name(self) -> str:
        return self.card.head

    @property
    def rule(self) -> PersistenceRule:
        """The default persistence rule, whose marks go with this head."""
        return self.card.rule

    def check(self, backbone: str, window: int, spec: ClipSpec, dim: int) -> None:
        """Raise MismatchError when this head was not trained on such embeddings."""
        self.card.check(backbone, window, spec, dim)

    @property
    def lowest(self) -> float:
        """The lowest raw score there is: that of a clip without a row."""
        return self.card.calibration.raw[0]

    def judge(self, rows: Sequence[Vectors]) -> list[float]:
        """The raw score of the latest window of each row [T, D] of consecutive windows, T > 0.

        Windows before the `context` latest are not used; where there are fewer the first one
        stands in for them. Raises ValueError for a row without windows, or of another D.
        """
        scores: list[float] = []
        with torch.inference_mode():
            for start in range(0, len(rows), AT_ONCE):
                x_BCD = torch.from_numpy(self._stacked(rows[start : start + AT_ONCE]))
                scores += self._network(x_BCD)[:, -1].tolist()
        return scores

    @property
    def is_causal(self) -> bool:
        """Whether a long row gives the scores that its windows give one by one."""
        return self.context == 1 or bool(getattr(self._network, "is_causal", False))

    def judge_row(self, x_TD: Vectors) -> Vectors:
        """The raw scores [T] of consecutive windows, each as `judge` gives it of the windows up to
        it, but for the order of additions. For causal heads alone.
        """
        with torch.inference_mode():
            if self.context > 1:
                scores_T: Vectors = self._network(torch.from_numpy(x_TD)[None])[0].numpy()
                return scores_T
            parts = [
                self._network(torch.from_numpy(x_TD[start : start + AT_ONCE, None]))[:, -1].numpy()
                for start in range(0, len(x_TD), AT_ONCE)
            ]
            return np.concatenate(parts)

    def judge_rows(self, x_BCD: Vectors) -> Vectors:
        """The raw scores [B] of the latest window of each row of exactly `context` windows."""
        with torch.inference_mode():
            parts = [
                self._network(torch.from_numpy(x_BCD[start : start + AT_ONCE]))[:, -1].numpy()
                for start in range(0, len(x_BCD), AT_ONCE)
            ]
            return np.concatenate(parts)

    def _stacked(self, rows: Sequence[Vectors]) -> Vectors:
        context, dim = self.context, self.card.dim
        if {row_TD.shape for row_TD in rows} == {(context, dim)}:
            return np.concatenate(rows).reshape(len(rows), context, dim)
        x_BCD = np.empty((len(rows), context, dim), np.float32)
        for number, row_TD in enumerate(rows):
            if row_TD.ndim != 2 or row_TD.shape[1] != dim or not len(row_TD):
                raise ValueError(f"windows are {row_TD.shape}, expected (T, {dim}), T > 0")
            missing = max(context - len(row_TD), 0)
            x_BCD[number, :missing] = row_TD[0]
            x_BCD[number, missing:] = row_TD[-context:]
        return x_BCD


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
    "HEADS",
    "Card",
    "CheckpointError",
    "Head",
    "MismatchError",
    "load",
    "load_official",
]
