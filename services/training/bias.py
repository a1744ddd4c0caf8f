"""The position gate: whether a head has learned where events lie instead of what they look like.

Footage for training is cut around its events, so that position alone tells much; a head that
learned it shines on such videos and is blind on a camera. Everything here is seeded.
Shapes: B sequences, T windows, D dimensions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from services.scoring.heads.registry import Network, contexts, package, takes
from services.training.examples import Example
from services.training.loop import Plan, fit, frame_auc
from services.training.madeup import by_look, by_place
from services.training.metrics import Floats
from services.training.position import position_only
from services.training.watching import Watched

MOST_DIM = 64
SEQUENCES, WINDOWS = 2000, 64
AT_ONCE = 32
"""Sequences in one call of a network."""

Scorer = Callable[[Network, Tensor], Tensor]


@dataclass(frozen=True)
class Gate:
    """One measure: a value for each way of watching, none of which may exceed the limit."""

    name: str
    tells: str
    limit: float
    values: Mapping[str, float]

    @property
    def passed(self) -> bool:
        return all(value <= self.limit for value in self.values.values())


@dataclass(frozen=True)
class Checked:
    """All gates of a head, and what a scorer reaches that knows nothing but the position."""

    gates: tuple[Gate, ...]
    position_only: Mapping[str, float]

    @property
    def passed(self) -> bool:
        return all(gate.passed for gate in self.gates)


@dataclass(frozen=True)
class Real:
    """A trained head, the dimensions of its embeddings and, where there is, footage for it."""

    network: Network
    dim: int
    examples: tuple[Example, ...] = ()


def check(head: str, plan: Plan, settings: dict[str, Any], real: Real | None = None) -> Checked:
    """Go through all gates. Without `real` the heads are trained here, on made-up videos: for the
    first gate (always) where only the position tells, for the others where the picture does.
    """
    dim = min(package(head).Config().dim, MOST_DIM)
    misled = _trained(head, plan, settings, [by_place(k, dim) for k in range(240)])
    trap = [by_place(10_000 + k, dim) for k in range(600)]
    taught, footage = _footage(real) or _made_up(head, plan, settings, dim)
    looked_at = real or Real(taught, dim)
    noise_BTD = _noise(looked_at, plan.seed)
    ways = LIVE if takes(head) == "persons" else WAYS
    return Checked(
        (
            planted(misled, [one for one in trap if not one.is_normal], ways),
            constant(looked_at.network, noise_BTD, ways),
            noise(looked_at.network, noise_BTD, ways),
            rolled(taught, footage, plan.seed, ways),
        ),
        {
            "planted": position_only(trap)["abnormal_auc"],
            "footage": position_only(footage)["abnormal_auc"],
        },
    )


def streaming(network: Network, x_BTD: Tensor) -> Tensor:
    """Scores [B, T], each from past windows only."""
    windows = torch.cat([contexts(x_TD, network.context) for x_TD in x_BTD])
    return network(windows)[:, -1].view(x_BTD.shape[:2])


def streaming_now_and_then(network: Network, x_BTD: Tensor) -> Tensor:
    """The same for the middle one of every five windows: each costs as much as all it looks at."""
    windows = torch.cat([contexts(x_TD, network.context)[2::5] for x_TD in x_BTD])
    return network(windows)[:, -1].view(len(x_BTD), -1)


def offline(network: Network, x_BTD: Tensor) -> Tensor:
    """Scores [B, T], each from the whole sequence."""
    return network(x_BTD)


Ways = Mapping[str, Scorer]
LIVE: Ways = {"streaming": streaming}
"""Heads that look at persons know no other way."""
WAYS: Ways = {**LIVE, "offline": offline}


def planted(network: Network, trap: Sequence[Example], ways: Ways = WAYS) -> Gate:
    """(a) Nothing but the position tells, and the head was trained on it."""
    x_BTD = torch.from_numpy(np.stack([one.features.vectors[0] for one in trap]))
    values = {
        way: frame_auc(_watched(trap, _scores(scorer, network, x_BTD)))
        for way, scorer in ways.items()
    }
    return Gate("planted", "AUC where only the position tells", 0.55, values)


def constant(network: Network, noise_BTD: Tensor, ways: Ways = WAYS) -> Gate:
    """(b) The same window over and over: the score must not move."""
    same_BTD = noise_BTD[:AT_ONCE, :1].expand(-1, noise_BTD.shape[1], -1).contiguous()
    values = {}
    for way, scorer in ways.items():
        usual = _scores(scorer, network, noise_BTD[:200]).std()
        moves = _scores(scorer, network, same_BTD).std(axis=1).mean()
        values[way] = float(moves / max(usual, 1e-12))
    return Gate("constant", "moves of the score while the picture stands still", 0.02, values)


def noise(network: Network, noise_BTD: Tensor, ways: Ways = WAYS) -> Gate:
    """(c) Share of the variance of scores on noise that any function of the position explains."""
    values = {}
    for way, scorer in {**ways, "streaming": streaming_now_and_then}.items():
        scores_BT = _scores(scorer, network, noise_BTD)
        whole = float(scores_BT.var())
        values[way] = float(scores_BT.mean(axis=0).var()) / whole if whole > 0 else 0.0
    return Gate("noise", "R² of the score on the position, on noise", 0.02, values)


def rolled(network: Network, footage: Sequence[Example], seed: int, ways: Ways = WAYS) -> Gate:
    """(d) Videos rolled in time, scored, and rolled back: the AUC must stay."""
    rng = np.random.default_rng(seed)
    shifts = [int(rng.integers(1, max(len(one.features), 2))) for one in footage]
    values = {}
    for way, scorer in ways.items():
        before, after = (
            frame_auc(
                [_rolled(scorer, network, one, by) for one, by in zip(footage, turns, strict=True)]
            )
            for turns in ([0] * len(footage), shifts)
        )
        values[way] = abs(before - after)
    return Gate("rolled", "change of the AUC when videos are rolled in time", 0.02, values)


def _rolled(scorer: Scorer, network: Network, one: Example, shift: int) -> Watched:
    x_TD = np.roll(one.features.vectors[0], shift, axis=0).astype(np.float32)
    scores_T = _scores(scorer, network, torch.from_numpy(x_TD)[None])[0]
    return Watched(one, np.roll(scores_T, -shift))


def _scores(scorer: Scorer, network: Network, x_BTD: Tensor) -> Floats:
    with torch.inference_mode():
        parts = [scorer(network, part) for part in torch.split(x_BTD, AT_ONCE)]
    return torch.cat(parts).float().numpy().astype(np.float64)


def _watched(examples: Sequence[Example], scores_BT: Floats) -> list[Watched]:
    return [Watched(one, row) for one, row in zip(examples, scores_BT, strict=True)]


def _trained(
    head: str, plan: Plan, settings: dict[str, Any], examples: Sequence[Example]
) -> Network:
    """Early stop may choose the step that cheats best: the head is given every chance."""
    cut = len(examples) * 3 // 4
    fitted = fit(head, (examples[:cut], examples[cut:]), plan, settings)
    return cast(Network, fitted.network)


def _footage(real: Real | None) -> tuple[Network, list[Example]] | None:
    """Real videos with known times, where there are anomalous ones."""
    timed = [one for one in real.examples if one.has_times] if real else []
    if real is None or all(one.is_normal for one in timed):
        return None
    return real.network, timed


def _made_up(
    head: str, plan: Plan, settings: dict[str, Any], dim: int
) -> tuple[Network, list[Example]]:
    network = _trained(head, plan, settings, [by_look(k, dim) for k in range(160)])
    return network, [by_look(20_000 + k, dim) for k in range(80)]


def _noise(real: Real, seed: int) -> Tensor:
    """Noise [B, T, D], not negative; with mean and spread of the real features, if there are.

    Half a gigabyte for 1024 dimensions: nothing of that size is copied.
    """
    shape = SEQUENCES, WINDOWS, real.dim
    x_BTD = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    if real.examples:
        x_ND = np.concatenate([one.features.vectors[0] for one in real.examples])
        x_BTD *= x_ND.std(axis=0)
        x_BTD += x_ND.mean(axis=0)
    return torch.from_numpy(np.abs(x_BTD, out=x_BTD))
