"""A head's held-out numbers: how well it orders, what it finds, how often it cries wolf."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from schemas.clips import ClipSpec
from services.scoring.calibration import Calibration
from services.scoring.core import Rule
from services.scoring.training.default import evaluation
from services.scoring.training.default.alarms import Span, Track, alerts, takes, tracks
from services.scoring.training.default.embeddings import Table
from services.scoring.training.default.evaluation import Scores
from services.scoring.training.default.recipes import Recipe

WINDOW = 2
QUIET = ("street", "room", "daily", "shop")
"""Normal footage by itself; `calm` is what lies beside fights, in the same scenes."""
INCIDENTS = ("fight", "fall", "theft")
LONG_S = 8.0


def ordering(table: Table, score_N: Scores, recipe: Recipe) -> dict[str, Any]:
    """AUC of the highest score of a video against normal ones of the same cameras."""
    low, high = evaluation.auc_interval(table, score_N, recipe)
    return {
        "auc": short(evaluation.auc(table, score_N, recipe)),
        "auc_95": [short(low), short(high)],
    }


def alarming(table: Table, score_N: Scores, calibrated: Calibration, rule: Rule) -> dict[str, Any]:
    """What the rule makes of the scores: incidents alerted, and alerts while nothing happens."""
    score_N = np.array([calibrated.apply(score) for score in score_N])
    quiet = list(tracks(table, score_N, QUIET))
    calm = list(takes(table, score_N, ("calm",)))
    long_fights = [take for take in takes(table, score_N, ("fight",)) if take.seconds >= LONG_S]
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


def share(found: Sequence[Track], rule: Rule) -> float:
    """Share of the tracks with an alert."""
    return short(np.mean([bool(alerts(track, rule)) for track in found])) if found else 0.0


def short(value: Any) -> float:
    return round(float(value), 4)


def _rate(found: Sequence[Track], rule: Rule) -> dict[str, float]:
    hours = sum(track.seconds for track in found) / 3600
    count = sum(len(alerts(track, rule)) for track in found)
    return {
        "minutes": short(hours * 60),
        "alerts": count,
        "an_hour_at_most": short(_at_most(count) / hours) if hours else 0.0,
        "highest": short(max((track.calibrated.max() for track in found), default=0.0)),
    }


def _at_most(count: int) -> float:
    """Upper end of the 95 % interval of a Poisson mean (Wilson and Hilferty)."""
    more = count + 1
    return float(more * (1 - 1 / (9 * more) + 1.96 / (3 * more**0.5)) ** 3)


def _in_view(table: Table, score_N: Scores, view: str, rule: Rule) -> dict[str, float]:
    """The same footage as another camera would show it."""
    normal = list(tracks(table, score_N, (*QUIET, "calm"), view))
    return {
        "alerts": sum(len(alerts(track, rule)) for track in normal),
        **{kind: share(list(tracks(table, score_N, (kind,), view)), rule) for kind in INCIDENTS},
    }


def _scenes(scenes: Sequence[Track], rule: Rule) -> dict[str, int]:
    """Simulated scenes, in which it is known when a fight goes on."""
    spans = [(scene, span) for scene in scenes for span in alerts(scene, rule)]
    return {
        "incidents": sum(1 in scene.labels for scene in scenes),
        "alerted": len({scene.name for scene, span in spans if _hit(scene, span)}),
        "alerts_outside": sum(not _hit(scene, span) for scene, span in spans),
    }


def _hit(scene: Track, span: Span) -> bool:
    """Whether an alert's span touches a window that holds some of the incident."""
    window_s = WINDOW * ClipSpec().duration_s
    first, last = int(span[0] / window_s + 1e-6), int(span[1] / window_s - 1e-6)
    return bool((scene.labels[first : last + 1] != 0).any())
