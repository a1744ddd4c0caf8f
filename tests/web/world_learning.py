"""What people and days teach the world's detectors: marks of cameras, one that drifted by its
alarms and one whose scene changed; a store half-way to a head of its own for theft.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from schemas.calibrations import LearnedDay, ModelCalibration, SourceCalibrated, VerdictTaken
from schemas.ids import alert_id, clip_id
from schemas.judgements import LIVE
from tests.unit.api.conftest import NOW, Api
from tests.web.cast import (
    BEGIN,
    EPISODES,
    HIGH_MARK,
    LOUD,
    MODEL,
    RULES,
    STILL,
    WorldCamera,
    at,
)
from tests.web.world_films import recorded

BUDGET = 1.0
DAYS = 28
FURTHEST = HIGH_MARK + 0.625 * (1 - HIGH_MARK)
LEARNS = (4, 5, 6)
"""Numbers of the cameras of the store that teaches a head of its own."""
THEFTS = 13
NOTES = (
    "two bars into the bag",
    "",
    "the tall one in the grey coat again",
    "",
    "scans one, takes three",
    "",
)


def fill_learning(api: Api, client: Any, cameras: tuple[WorldCamera, ...]) -> None:
    """By a person who is logged in."""
    for number in range(THEFTS + 6):
        is_theft = number < THEFTS
        hours = 9.3 * number if is_theft else 17.1 * (number - THEFTS) + 2
        since = BEGIN + timedelta(hours=8 + hours)
        camera = cameras[LEARNS[number % len(LEARNS)]]
        note = NOTES[number % len(NOTES)] if is_theft else ""
        with at(api, since + timedelta(hours=3, minutes=7 * number)):
            _mark(client, camera.source_id, since, "theft" if is_theft else "normal", note)
    api.project(*(_calibrated(camera) for camera in cameras))
    for episode in EPISODES:
        if episode.camera in LEARNS and episode.rule == 0:
            api.project(*recorded(api, cameras[episode.camera], episode.at, before=2, after=5))


def _mark(client: Any, source_id: UUID, since: datetime, label: str, note: str) -> None:
    lasts = timedelta(seconds=9 if label == "theft" else 60)
    body = {"source_id": str(source_id), "label": label, "note": note or None}
    body |= {"since": since.isoformat(), "until": (since + lasts).isoformat()}
    answer = client.post("/api/v1/missed-events", json=body)
    assert answer.status_code == 201, answer.text


def _calibrated(camera: WorldCamera) -> SourceCalibrated:
    days = tuple(_days(camera))
    by_days = days[-1].mark
    verdicts = tuple(_verdicts(camera))
    lifted = max((taken.peak for taken in verdicts if taken.kind == "false"), default=0.0)
    in_force = min(max(by_days, lifted + 0.01), FURTHEST)
    rule, label, _ = RULES[0]
    drift = {LOUD: "alarms", STILL: "scene"}.get(camera.number)
    learned = ModelCalibration.model_validate(
        {
            "run": LIVE,
            "model_id": MODEL,
            "rule": rule,
            "label": label,
            "budget_per_day": BUDGET,
            "entered": HIGH_MARK,
            "by_days": round(by_days, 3),
            "in_force": round(in_force, 3),
            "furthest": FURTHEST,
            "since": days[0].day,
            "days": days,
            "verdicts": verdicts,
            "drift": drift,
            "drift_since": days[-3].day if drift else None,
        }
    )
    return SourceCalibrated(source_id=camera.source_id, models=(learned,), changed_at=NOW)


def _days(camera: WorldCamera) -> Iterator[LearnedDay]:
    """The mark follows what the days ask for, a little each day; of the latest week, the alarms are
    those that there were.
    """
    chance = np.random.default_rng((camera.number, DAYS))
    mark = HIGH_MARK
    raised = Counter(
        episode.at.date()
        for episode in EPISODES
        if episode.camera == camera.number and episode.rule == 0
    )
    for number in range(DAYS):
        late = max(0, number - DAYS + 5)
        level = 0.52 + 0.02 * (camera.number % 4) + float(chance.normal(0, 0.035))
        usual = 0.21 + 0.01 * camera.number + float(chance.normal(0, 0.01))
        alarms = int(chance.random() < 0.25)
        if camera.number == LOUD:
            level += 0.11 * late
        if camera.number == STILL:
            usual += 0.05 * late
        mark = float(np.clip(mark + 0.7 * (level - mark), HIGH_MARK, FURTHEST))
        day = date(2026, 5, 4) + timedelta(days=number)
        if day >= BEGIN.date():
            alarms = raised[day]
        is_known = not (camera.number == STILL and number == DAYS - 1)
        yield LearnedDay(
            day=day,
            level=min(level, 0.97) if is_known else None,
            usual=usual,
            alarms=alarms,
            mark=mark,
        )


def _verdicts(camera: WorldCamera) -> Iterator[VerdictTaken]:
    for episode in EPISODES[:-20]:
        if episode.camera != camera.number or episode.rule != 0:
            continue
        opened = clip_id(camera.source_id, BEGIN, camera.index(episode.at))
        yield VerdictTaken(
            subject_id=alert_id(LIVE, "linear-fight", "fight", opened),
            kind="true" if episode.is_true else "false",
            peak=episode.peak,
            reviewed_at=NOW,
        )
