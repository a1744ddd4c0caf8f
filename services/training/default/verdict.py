"""A head's held-out numbers: how well it orders, what it finds, how often it cries wolf."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from schemas.policies import PersistenceRule
from services.scoring.calibration import Calibration
from services.training.alarming import touches
from services.training.budget import Alarm, alarms
from services.training.default.embeddings import Table
from services.training.default.evaluation import by_video
from services.training.default.recipes import Recipe
from services.training.default.tracks import SHOWN, seconds, takes, tracks
from services.training.metrics import Floats, rate_interval
from services.training.watching import Watched

QUIET = ("street", "room", "daily", "shop")
"""Normal footage by itself; `calm` is what lies beside fights, in the same scenes."""
INCIDENTS = ("fight", "fall", "theft")
LONG_S = 8.0
ROUNDS = 1000


def ordering(table: Table, score_N: Floats, recipe: Recipe) -> dict[str, Any]:
    """AUC of the highest score of a video against normal ones of the same cameras."""
    videos = by_video(table, score_N, recipe)
    return {
        "auc": short(videos.auc()),
        "auc_95": [short(end) for end in videos.auc_interval(ROUNDS)],
    }


def alarming(
    table: Table, score_N: Floats, calibrated: Calibration, rule: PersistenceRule
) -> dict[str, Any]:
    """What the rule makes of the scores: incidents alerted, and alerts while nothing happens."""
    score_N = np.array([calibrated.apply(score) for score in score_N])
    quiet = list(tracks(table, score_N, QUIET))
    calm = list(takes(table, score_N, "calm"))
    long_fights = [take for take in takes(table, score_N, "fight") if seconds(take) >= LONG_S]
    return {
        "clips_alerted": {
            kind: share(list(tracks(table, score_N, (kind,))), rule) for kind in INCIDENTS
        },
        "long_fights": len(long_fights),
        "long_fights_alerted": share(long_fights, rule),
        "quiet": _rate(quiet, rule),
        "beside_fights": _rate(calm, rule),
        "views": {
            str(view): _in_view(table, score_N, str(view), rule)
            for view in np.unique(table.view[table.view != "plain"])
        },
        "sim": _scenes(list(tracks(table, score_N, ("sim",))), rule),
    }


def share(found: Sequence[Watched], rule: PersistenceRule) -> float:
    """Share of the tracks with an alert."""
    return short(np.mean([bool(alarms(track, rule)) for track in found])) if found else 0.0


def short(value: Any) -> float:
    return round(float(value), 4)


def _rate(found: Sequence[Watched], rule: PersistenceRule) -> dict[str, float]:
    hours = sum(seconds(track) for track in found) / 3600
    count = sum(len(alarms(track, rule)) for track in found)
    return {
        "minutes": short(hours * 60),
        "alerts": count,
        "an_hour_at_most": short(rate_interval(count, hours)[1]) if hours else 0.0,
        "highest": short(max((track.scores.max() for track in found), default=0.0)),
    }


def _in_view(table: Table, score_N: Floats, view: str, rule: PersistenceRule) -> dict[str, float]:
    """The same footage as another camera would show it."""
    normal = list(tracks(table, score_N, (*QUIET, "calm"), view))
    return {
        "alerts": sum(len(alarms(track, rule)) for track in normal),
        **{kind: share(list(tracks(table, score_N, (kind,), view)), rule) for kind in INCIDENTS},
    }


def _scenes(scenes: Sequence[Watched], rule: PersistenceRule) -> dict[str, int]:
    """Simulated scenes, in which it is known when a fight goes on."""
    hits = [[_hit(scene, alarm) for alarm in alarms(scene, rule)] for scene in scenes]
    return {
        "incidents": sum(_shows(scene) for scene in scenes),
        "alerted": sum(any(found) for found in hits),
        "alerts_outside": sum(not hit for found in hits for hit in found),
    }


def _shows(scene: Watched) -> bool:
    return any(span.label == SHOWN for span in scene.example.labelled.spans or ())


def _hit(scene: Watched, alarm: Alarm) -> bool:
    """Whether an alert touches a window that holds some of the incident."""
    return any(touches(alarm, span, 0.0) for span in scene.example.labelled.spans or ())
