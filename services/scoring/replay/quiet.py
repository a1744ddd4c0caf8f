"""Jumps over quiet windows: no episode is open or waits, and no score reaches a mark.

What `episodes.core.take` and `budgets.learn_from` make of such windows one by one is known without
looking at each: the latest clips are remembered, nothing else moves (ADR 0049).
Shapes: W windows, C clips, H heads, N clips that a rule looks at.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from schemas.policies import PersistenceRule
from services.rules.budget import BLOCK_S
from services.rules.learning import NOTHING, learn
from services.rules.persistence import Moment, RuleState
from services.scoring.episodes.budgets import Learned, key
from services.scoring.episodes.policy import Knots, Terms
from services.scoring.episodes.state import DetectorState, SourceState
from services.scoring.replay.windows import EPOCH, MICROSECOND, Part, Windows

Floats = NDArray[np.float64]


def calibrated(knots: Knots, raw_N: Floats) -> Floats:
    """`knots.apply` of each, bit by bit."""
    x_K, y_K = np.array(knots.raw), np.array(knots.calibrated)
    right_N = np.searchsorted(x_K, raw_N, side="right")
    inner_N = np.clip(right_N, 1, len(x_K) - 1)
    x0_N, y0_N = x_K[inner_N - 1], y_K[inner_N - 1]
    slope_N = (y_K[inner_N] - y0_N) / (x_K[inner_N] - x0_N)
    value_N: Floats = y0_N + slope_N * (raw_N - x0_N)
    value_N[right_N == 0] = y_K[0]
    value_N[right_N == len(x_K)] = y_K[-1]
    return value_N


def is_quiet(state: SourceState | None, windows: Windows, backbone: str, heads: int) -> bool:
    """Whether the source is in the life of the windows, with nothing open and nothing that waits,
    and every head has judged before.
    """
    if state is None or state.life != windows.of.life:
        return False
    models = state.detector(backbone).models
    return len(models) == heads and all(
        model.opened_by is None and model.state.episode is None and model.state.waiting is None
        for model in models.values()
    )


def jumped(
    state: SourceState, part: Part, rules: Mapping[str, PersistenceRule], backbone: str
) -> SourceState:
    """The state after those windows; `rules` by model in the order of H."""
    windows, clips = part.windows, part.clips
    models = dict(state.detector(backbone).models)
    for place, (name, rule) in enumerate(rules.items()):
        latest = slice(max(clips.start, clips.stop - rule.n), clips.stop)
        moments = zip(
            windows.indexes[latest].tolist(),
            windows.starts[latest].tolist(),
            windows.ends[latest].tolist(),
            part.calibrated_WH[windows.window_of[latest], place].tolist(),
            strict=True,
        )
        before = models[name].state
        recent = (*before.recent, *(Moment(*moment) for moment in moments))[-rule.n :]
        models[name] = replace(models[name], state=RuleState(recent, None, before.quiet_until_s))
    detector = DetectorState(int(windows.lasts[part.stop - 1]) + 1, False, models)
    return replace(
        state,
        cut_at=max(state.cut_at, part.cut_at),
        detectors={**state.detectors, backbone: detector},
    )


def blocks_of(windows: Windows) -> NDArray[np.int64]:
    """In which block of a budget each window lies."""
    return windows.last_us // 1_000_000 // BLOCK_S


def learned_from(
    learned: Learned, state: SourceState, part: Part, terms: Mapping[str, Terms], backbone: str
) -> Learned:
    """What those windows teach, which lie in the block of which every model with a budget has
    learned already: there only the highest level counts. `state` is the one before them.
    """
    windows, clips, after = part.windows, part.clips, dict(learned)
    at = EPOCH + int(windows.last_us[part.start]) * MICROSECOND
    end_W = windows.places[part.start + 1 : part.stop + 1] - windows.places[part.start]
    for place, (model_id, one) in enumerate(terms.items()):
        if one.rule.budget_per_day is None:
            continue
        recent = state.detector(backbone).models[model_id].state.recent
        before = [moment.calibrated for moment in recent]
        value_C = part.calibrated_WH[windows.window_of[clips], place]
        level_W = levels(one.rule, np.concatenate([before, value_C]), len(before) + end_W)
        name = key(state.run, model_id)
        after[name] = learn(after.get(name, NOTHING), one.rule, at, float(level_W.max()))
    return after


def levels(rule: PersistenceRule, value_N: Floats, end_W: NDArray[np.int64]) -> Floats:
    """`opening_level` of the latest clips up to each of these ends."""
    padded = np.concatenate([np.full(rule.n - 1, -np.inf), value_N])
    latest_WN = np.lib.stride_tricks.sliding_window_view(padded, rule.n)[end_W - 1]
    level_W = np.partition(latest_WN, rule.n - rule.k, axis=1)[:, rule.n - rule.k]
    level_W = np.where(np.isinf(level_W), 0.0, level_W)
    last_W = value_N[end_W - 1]
    level_W = np.minimum(level_W, last_W)
    if rule.alone is None:
        return level_W
    return np.maximum(level_W, last_W - (rule.alone - rule.high))
