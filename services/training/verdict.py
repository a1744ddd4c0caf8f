"""Judges a head on videos with calibrated scores: one dictionary of figures, ready for JSON.

What the data cannot say is None: no frame figures where nobody wrote down times, no interval with
one source. Intervals draw whole sources with replacement.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from schemas.policies import PersistenceRule
from services.training.alarming import by_label, tally
from services.training.metrics import Floats, accuracy
from services.training.pieces import Pieces, by_frame, by_video
from services.training.position import position_only
from services.training.watching import Watched

ROUNDS = 1000


def judge(
    watched: Sequence[Watched], rule: PersistenceRule, rounds: int = ROUNDS
) -> dict[str, Any]:
    """All figures of one way of watching (streaming or offline)."""
    anomalous = [one for one in watched if not one.example.is_normal]
    frames, videos = by_frame(watched), by_video(watched)
    figures = {
        "videos": len(watched),
        "anomalous_videos": len(anomalous),
        "sources": len({one.example.labelled.source for one in watched}),
        "frame_auc": frames.auc(),
        "frame_auc_95": list(frames.auc_interval(rounds)),
        "frame_ap": frames.average_precision(),
        "frame_ap_95": list(frames.average_precision_interval(rounds)),
        "abnormal_auc": by_frame(anomalous).auc(),
        "abnormal_auc_95": list(by_frame(anomalous).auc_interval(rounds)),
        "video_auc": videos.auc(),
        "video_auc_95": list(videos.auc_interval(rounds)),
        "frame_accuracy": _accuracy(frames, rule.high),
        "video_accuracy": _accuracy(videos, rule.high),
        **levels(watched),
        "position_only": position_only([one.example for one in watched]),
        "alarms": tally(watched, rule),
        "classes": classes(watched, rule),
    }
    judged: dict[str, Any] = without_nan(figures)
    return judged


def levels(watched: Sequence[Watched]) -> dict[str, float]:
    """Mean score, and mean of the highest score, of normal and of anomalous videos."""
    found = {}
    for name, normal in (("normal", True), ("anomalous", False)):
        side = [one.scores for one in watched if one.example.is_normal == normal]
        found[f"{name}_mean"] = _mean([scores.mean() for scores in side])
        found[f"{name}_mean_max"] = _mean([scores.max() for scores in side])
    return found


def classes(watched: Sequence[Watched], rule: PersistenceRule) -> dict[str, dict[str, Any]]:
    """For each label its videos beside all normal ones, and its alarms."""
    normal = [one for one in watched if one.example.is_normal]
    alarmed = by_label(watched, rule)
    found = {}
    for label in sorted({one.example.labelled.label for one in watched} - {"normal"}):
        own = [one for one in watched if one.example.labelled.label == label]
        found[label] = {
            "videos": len(own),
            "frame_auc": by_frame([*own, *normal]).auc() if own else math.nan,
            "video_auc": by_video([*own, *normal]).auc(),
            **alarmed.get(label, {}),
        }
    return found


def without_nan(value: Any) -> Any:
    """The same with None where a number is not finite: JSON has no NaN."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    if isinstance(value, float):
        return round(float(value), 6) if math.isfinite(value) else None
    return value


def _accuracy(pieces: Pieces, mark: float) -> float:
    """Of pieces of one class only, it would say nothing."""
    if len(set(pieces.labels)) < 2:
        return math.nan
    return accuracy(pieces.labels, pieces.scores, mark, pieces.weights)


def _mean(values: Sequence[Floats]) -> float:
    return float(np.mean(values)) if values else math.nan
