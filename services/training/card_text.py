"""MODEL_CARD.md of a trained head: what it is made of, what it can, how to make it again."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.training.metrics import rate_interval
from services.training.recipe import Recipe, Trained

FIGURES = (
    ("frame AUC", "frame_auc"),
    ("frame AP", "frame_ap"),
    ("frame AUC inside anomalous videos", "abnormal_auc"),
    ("video AUC", "video_auc"),
    ("videos on the right side of the mark", "video_accuracy"),
)


def written(recipe: Recipe, trained: Trained) -> str:
    """The card as Markdown."""
    card, metrics = trained.card, trained.card.metrics
    parts = [part for part in ("validation", "test") if part in metrics]
    return "\n".join(
        [
            f"# {card.model_id}",
            "",
            f"Head `{card.head}` over `{card.backbone}`, window {card.window}, "
            f"{card.spec.frames} frames at {card.spec.frame_rate:g} fps. "
            "Written by `nightclerk train`.",
            "",
            "## Data",
            "",
            *(f"- {line}" for line in card.data),
            *_parts(trained),
            "",
            "Videos of one source lie in one part. Early stop, calibration and marks come from "
            "validation, so only the test part is unseen."
            + (
                ""
                if "test" in parts
                else " There was none: evaluate it on other footage before you believe it."
            ),
            "",
            "## Numbers",
            "",
            "Scores as a live stream gives them, from past windows only. Intervals (95 %) draw "
            "whole sources.",
            "",
            *_table(metrics, parts),
            "",
            "## Calibration and rule",
            "",
            *_rule(recipe, trained),
            "",
            "## How it was made",
            "",
            f"Best of {trained.fitted.rounds[-1].step} steps: step {trained.fitted.best.step}, "
            f"seed {recipe.plan.seed}. Settings: {_settings(card.config)}.",
            "",
            "```",
            recipe.command or f"nightclerk train --head {recipe.head}",
            "```",
            "",
        ]
    )


def _parts(trained: Trained) -> list[str]:
    found = []
    for part, members in trained.parts.items():
        wrong = sum(not one.is_normal for one in members)
        sources = len({one.labelled.source for one in members})
        found.append(f"- {part}: {len(members)} videos, {wrong} anomalous, {sources} sources")
    return found


def _table(metrics: Mapping[str, Any], parts: Sequence[str]) -> list[str]:
    rows = ["| | " + " | ".join(parts) + " |", "|---" * (len(parts) + 1) + "|"]
    for title, name in FIGURES:
        rows.append(f"| {title} | " + " | ".join(_figure(metrics[p], name) for p in parts) + " |")
    rows.append(
        "| a scorer that knows only the position: frame AUC | "
        + " | ".join(_short(metrics[part]["position_only"]["frame_auc"]) for part in parts)
        + " |"
    )
    rows.append(
        "| events that raise an alert | "
        + " | ".join(
            f"{metrics[part]['alarms']['events_alarmed']} of {metrics[part]['alarms']['events']}"
            for part in parts
        )
        + " |"
    )
    rows.append("| false alarms | " + " | ".join(_false(metrics[part]) for part in parts) + " |")
    return rows


def _figure(judged: Mapping[str, Any], name: str) -> str:
    interval = judged.get(f"{name}_95")
    if judged[name] is None or interval is None or None in interval:
        return _short(judged[name])
    return f"{_short(judged[name])} ({_short(interval[0])} - {_short(interval[1])})"


def _false(judged: Mapping[str, Any]) -> str:
    alarms = judged["alarms"]
    return f"{alarms['false_alarms']} in {alarms['normal_hours']:.2f} h"


def _rule(recipe: Recipe, trained: Trained) -> list[str]:
    rule = trained.card.rule
    alarms = trained.card.metrics["validation"]["alarms"]
    days = alarms["normal_hours"] / 24
    most = rate_interval(alarms["false_alarms"], days)[1]
    return [
        f"An alert opens at {rule.k} of {rule.n} clips at or above {rule.high:g} (calibrated), "
        f"closes after {rule.m} below {rule.low:g}. The mark is the lowest one with at most "
        f"{recipe.alarms_per_day:g} alarms a camera and day on the normal validation footage, "
        f"never below 0.8. That footage is {alarms['normal_hours']:.2f} h long, so all it proves "
        f"(95 %) is fewer than {most:.0f} alarms a day.",
    ]


def _settings(config: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in config.items())


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
