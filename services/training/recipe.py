"""Trains a head from features and labels (`store` makes a checkpoint of what comes out).

Split by source into training, validation and test; fit with early stop on validation; calibrate on
validation normals and put the high mark where they keep to the budget of alarms; judge on test.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from schemas.policies import PersistenceRule
from services.scoring import calibration
from services.scoring.calibration import Calibration
from services.scoring.cards import Card
from services.scoring.heads.checkpoint import fingerprint, pack
from services.scoring.heads.registry import Network, takes
from services.training import datasets, features, watching
from services.training.budget import high_mark
from services.training.examples import Example, Matched, match
from services.training.journal import Journal
from services.training.loop import Fitted, Heard, Plan, Round, fit
from services.training.split import SplitError, split
from services.training.verdict import judge
from services.training.watching import Watched

LOW_MARK = 0.5
QUIET_CLIPS = 4
COOLDOWN_S = 10.0
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out."""

    head: str
    features: Path
    labels: Path
    frame_rate: float | None = None
    validation_share: float = 0.2
    test_share: float = 0.2
    alarms_per_day: float = 1.0
    plan: Plan = field(default_factory=Plan)
    overrides: dict[str, Any] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True)
class Trained:
    """What came out."""

    card: Card
    fitted: Fitted
    parts: dict[str, list[Example]]
    matched: Matched


def load(recipe: Recipe) -> Matched:
    """The videos that have both features and a label. Raises FeatureError, LabelError."""
    found = features.read_folder(recipe.features, takes(recipe.head))
    return match(found, datasets.read(recipe.labels, recipe.frame_rate))


def train(recipe: Recipe, matched: Matched, journal: Journal, heard: Heard) -> Trained:
    """Raises SplitError, TrainingError, and TypeError for settings that the head has not."""
    parts = _split(recipe, matched)

    def told(now: Round) -> None:
        journal.write(now.step, {"loss": now.loss, "validation_auc": now.auc})
        heard(now)

    fitted = fit(
        recipe.head, (parts["train"], parts["validation"]), recipe.plan, recipe.overrides, told
    )
    return Trained(_card(recipe, matched, parts, fitted), fitted, parts, matched)


def watched(
    network: Network, examples: Sequence[Example], calibrated: Calibration | None = None
) -> list[Watched]:
    """Streaming scores, calibrated where that is asked."""
    with torch.inference_mode():
        found = [watching.streaming(network, one) for one in examples]
    return [apply(calibrated, one) for one in found] if calibrated else found


def apply(calibrated: Calibration, one: Watched) -> Watched:
    scores = [calibrated.apply(float(score)) for score in one.scores]
    return Watched(one.example, np.array(scores, np.float64))


def calibrate(network: Network, found: Sequence[Watched]) -> Calibration:
    """From windows of normal videos."""
    normal = np.concatenate([one.scores for one in found if one.example.is_normal])
    return calibration.fit(normal.astype(np.float32), *network.bounds())


def rule_for(labels: Sequence[str], window: int, high: float = 0.99) -> PersistenceRule:
    """Two clips of one window open an alert, or two of three where a window is one clip."""
    kinds = sorted(set(labels))
    name = kinds[0].lower().replace(" ", "-") if len(kinds) == 1 else "anomaly"
    return PersistenceRule(
        name=name,
        label=f"Possible {name}",
        high=high,
        low=LOW_MARK,
        k=2,
        n=2 if window > 1 else 3,
        m=QUIET_CLIPS,
        cooldown_s=COOLDOWN_S,
    )


def _split(recipe: Recipe, matched: Matched) -> dict[str, list[Example]]:
    left = round(1 - recipe.validation_share - recipe.test_share, 6)
    if left < LEAST_SHARE:
        raise SplitError("validation and test leave nothing for training")
    shares = {
        "train": left,
        "validation": recipe.validation_share,
        "test": recipe.test_share,
    }
    return split(matched.examples, shares, recipe.plan.seed)


def _card(
    recipe: Recipe, matched: Matched, parts: dict[str, list[Example]], fitted: Fitted
) -> Card:
    network = cast(Network, fitted.network)
    found = watched(network, parts["validation"])
    calibrated = calibrate(network, found)
    validation = [apply(calibrated, one) for one in found]
    normals = [one for one in validation if one.example.is_normal]
    first = matched.examples[0].features
    labels = [one.labelled.label for one in matched.examples if not one.is_normal]
    rule = rule_for(labels, first.window)
    rule = rule.model_copy(update={"high": high_mark(normals, rule, recipe.alarms_per_day)})
    test = watched(network, parts.get("test", ()), calibrated)
    metrics = {
        "best_step": fitted.best.step,
        "alarms_per_day": recipe.alarms_per_day,
        "validation": judge(validation, rule),
        **({"test": judge(test, rule)} if test else {}),
    }
    digest = fingerprint(pack(fitted.network))
    return Card(
        head=recipe.head,
        weights_sha256=digest,
        backbone=first.backbone,
        window=first.window,
        spec=first.spec,
        dim=first.dim,
        config=fitted.config,
        calibration=calibrated,
        rule=rule,
        data=_data(recipe, matched),
        metrics=metrics,
    )


def _data(recipe: Recipe, matched: Matched) -> tuple[str, ...]:
    count = len(matched.examples)
    wrong = sum(not one.is_normal for one in matched.examples)
    hours = sum(one.features.duration_s for one in matched.examples) / 3600
    return (
        f"{count} videos ({wrong} anomalous), {hours:.2f} h, labels {recipe.labels.name}, "
        f"features {recipe.features.name}",
    )
