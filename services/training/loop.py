"""The one training loop of all heads: batches of bags, early stop on validation, seeded.

The same examples, plan and machine give the same weights. Test videos never come here.
"""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from services.scoring.heads.registry import Network, package
from services.training.bags import Bags, apart, cut_out, run
from services.training.examples import Example
from services.training.metrics import Ranking
from services.training.watching import Watched, offline

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "sgd": torch.optim.SGD,
}
BY_WINDOW = ("linear",)
"""Heads that are taught by labelled windows where spans are known, all others by whole videos."""

LONGEST_RUN = 256


class TrainingError(RuntimeError):
    """Training that came to nothing, said in one sentence."""


@dataclass(frozen=True)
class Plan:
    """How long, on what, and from which seed."""

    steps: int = 3000
    patience: int = 12
    """Rounds without a better validation AUC, after which training stops."""
    round_steps: int = 25
    seed: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Round:
    """What is told after each round."""

    step: int
    loss: float
    auc: float
    best_auc: float


@dataclass(frozen=True)
class Fitted:
    """The network of the best round."""

    network: nn.Module
    config: dict[str, Any]
    best: Round
    rounds: tuple[Round, ...]


Heard = Callable[[Round], None]


def fit(
    head: str,
    parts: tuple[Sequence[Example], Sequence[Example]],
    plan: Plan,
    overrides: dict[str, Any],
    heard: Heard = lambda _: None,
) -> Fitted:
    """Train on the first part, keep what is best on the second.

    Raises TypeError for settings that the head's Config has not, TrainingError where the loss is
    not finite.
    """
    training, validation = parts
    torch.manual_seed(plan.seed)
    config = package(head).Config(dim=training[0].features.dim, **overrides)
    network = package(head).Network(config).to(plan.device)
    rounds = _rounds(head, network, config, training, plan)
    best, kept, told = Round(0, math.nan, -1.0, -1.0), network.state_dict(), list[Round]()
    since = 0
    for step, loss in rounds:
        auc = validation_auc(network, validation, plan.device)
        # Of equals the later one: it has seen more, and its scores lie further apart.
        since = 0 if auc > best.auc else since + 1
        now = Round(step, loss, auc, max(auc, best.auc))
        told.append(now)
        heard(now)
        if auc >= best.auc:
            best, kept = now, copy.deepcopy(network.state_dict())
        if since >= plan.patience:
            break
    network.load_state_dict(kept)
    settings = {name: value for name, value in vars(config).items() if name != "dim"}
    return Fitted(network.cpu().eval(), settings, best, tuple(told))


def validation_auc(network: nn.Module, validation: Sequence[Example], device: str) -> float:
    """By frames where all spans are known, else by the highest score of each video."""
    network.eval()
    with torch.inference_mode():
        found = [offline(cast(Network, network), one, device) for one in validation]
    auc = frame_auc(found) if all(one.has_times for one in validation) else video_auc(found)
    return auc if math.isfinite(auc) else 0.5


def frame_auc(watched: Sequence[Watched]) -> float:
    """Over the frames of all videos together."""
    scores = np.concatenate([one.scores for one in watched])
    wrong = np.concatenate([one.example.wrong for one in watched])
    calm = np.concatenate([one.example.frames for one in watched]) - wrong
    labels = np.repeat([1, 0], len(scores))
    return Ranking(labels, np.tile(scores, 2)).auc(np.concatenate([wrong, calm]))


def video_auc(watched: Sequence[Watched]) -> float:
    labels = [not one.example.is_normal for one in watched]
    return Ranking(labels, [one.scores.max() for one in watched]).auc()


def _rounds(
    head: str, network: nn.Module, config: Any, training: Sequence[Example], plan: Plan
) -> Iterator[tuple[int, float]]:
    """Trains a round whenever it is asked: (steps so far, mean loss of the round)."""
    if head in BY_WINDOW:
        training = [part for one in training for part in cut_out(one)]
    training = [part for one in training for part in apart(one)]
    _prepare(network, config, training, plan.device)
    consecutive = getattr(config, "consecutive", False)
    count = _segments(network, config, training)
    bags = Bags(training, count, plan.seed, consecutive=consecutive)
    batch = min(config.batch, bags.most)
    stepper = _Stepper(head, network, config, plan.device)
    for start in range(0, plan.steps, plan.round_steps):
        network.train()
        count = min(plan.round_steps, plan.steps - start)
        losses = [stepper.step(*bags.draw(batch)) for _ in range(count)]
        loss = float(np.mean(losses))
        if not math.isfinite(loss):
            raise TrainingError(f"the loss of {head} is not finite after {start + count} steps")
        yield start + count, loss


def _segments(network: nn.Module, config: Any, training: Sequence[Example]) -> int:
    """How many windows a bag has: what the head asks for, with two exceptions.

    One that looks at each window by itself needs no more than the longest video has: the rest would
    be copies. One that is taught by windows in a row gets the whole of a video whose spans are not
    known, up to LONGEST_RUN: a part might show nothing.
    """
    count: int = config.segments
    if network.context == 1:
        return min(count, max(len(one.features) for one in training))
    if getattr(config, "consecutive", False):
        vague = [len(one.features) for one in training if not one.has_times]
        return min(max(count, *vague), LONGEST_RUN) if vague else count
    return count


def _prepare(network: nn.Module, config: Any, training: Sequence[Example], device: str) -> None:
    """Let a head that asks for it see all normal videos once, in bags of windows in a row."""
    if not hasattr(network, "prepare"):
        return
    normal = [one.features.vectors[0] for one in training if one.is_normal]
    count = config.segments
    runs = [
        run(x_TD, count, last) for x_TD in normal for last in range(count - 1, len(x_TD), count)
    ]
    short = [run(x_TD, count, len(x_TD) - 1) for x_TD in normal if len(x_TD) < count]
    network.prepare(torch.from_numpy(np.stack([*runs, *short])).to(device))  # type: ignore[operator]


class _Stepper:
    """One step of the optimizer; mixed precision on a GPU."""

    def __init__(self, head: str, network: nn.Module, config: Any, device: str) -> None:
        self._objective = package(head).objective
        self._network, self._device = network, device
        self._clip_norm = getattr(config, "clip_norm", None)
        self._optimizer = OPTIMIZERS[config.optimizer](
            network.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )

    def step(self, normal_BSD: Tensor, anomalous_BSD: Tensor) -> float:
        bags = normal_BSD.to(self._device), anomalous_BSD.to(self._device)
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._device, torch.bfloat16, enabled=self._device == "cuda"):
            loss = self._objective(self._network, *bags)
        loss.backward()
        if self._clip_norm:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._clip_norm)
        self._optimizer.step()
        return float(loss.detach())
