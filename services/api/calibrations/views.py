"""What the API tells of calibrations."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from schemas.calibrations import Drift, LearnedDay, VerdictTaken
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, STORE_EXAMPLE, OfStore, View, example

EXAMPLE_DAY = "2026-05-01"
MARKS = {
    "run": "live",
    "model_id": "linear-3f2a9c1d",
    "rule": "fight",
    "label": "Possible fight",
    "budget_per_day": 1.0,
    "entered": 0.75,
    "by_days": 0.78,
    "in_force": 0.8,
    "furthest": 0.875,
    "since": EXAMPLE_DAY,
    "drift": "scene",
    "drift_since": EXAMPLE_DAY,
    "alarms_of_late": 4,
    "alarms_a_day": 0.57,
    "changed_at": EXAMPLE_WHEN,
}


class MarksView(View):
    """The marks of a model at a camera: the one that was entered, and what became of it."""

    run: str
    model_id: str
    rule: str
    label: str
    budget_per_day: float | None = Field(
        description="false alarms that are put up with; without it only verdicts move the mark"
    )
    entered: float
    by_days: float = Field(description="what the days ask for, before any verdict")
    in_force: float
    furthest: float = Field(description="no day and no verdict lifts the mark above it")
    since: date | None = Field(description="the first day that was learned of this model here")
    drift: Drift | None = Field(
        description="`alarms`: more than the budget in spite of the highest mark; `scene`: what "
        "is usual here scores otherwise than it did"
    )
    drift_since: date | None
    alarms_of_late: int = Field(description="that it raised in seven days")
    alarms_a_day: float
    changed_at: datetime


class CameraMarksView(OfStore, MarksView):
    """A row of the overview: a model at a camera, and how many verdicts count there now."""

    source_id: UUID
    source: str = Field(description="the camera's name")
    false_alarms: int
    true_alarms: int
    missed_events: int

    model_config = example(
        MARKS
        | STORE_EXAMPLE
        | {
            "source_id": EXAMPLE_ID,
            "source": "Till 1",
            "false_alarms": 2,
            "true_alarms": 1,
            "missed_events": 0,
        }
    )


class CalibrationPage(View):
    """Whole cameras: all models of each."""

    items: list[CameraMarksView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class ModelCalibrationView(MarksView):
    """With its days, in order, and the verdicts that count now, in the order they were given."""

    days: list[LearnedDay]
    verdicts: list[VerdictTaken]


class CameraCalibrationView(OfStore):
    """All that was learned of a camera. Without models: nothing has moved any mark yet."""

    source_id: UUID
    source: str
    time_zone: str = Field(description="of the store; days are UTC's")
    models: list[ModelCalibrationView]

    model_config = example(
        STORE_EXAMPLE
        | {
            "source_id": EXAMPLE_ID,
            "source": "Till 1",
            "time_zone": "Asia/Seoul",
            "models": [
                MARKS
                | {
                    "days": [
                        {
                            "day": EXAMPLE_DAY,
                            "level": 0.77,
                            "usual": 0.3,
                            "alarms": 4,
                            "mark": 0.78,
                        }
                    ],
                    "verdicts": [
                        {
                            "subject_id": EXAMPLE_ID,
                            "kind": "false",
                            "peak": 0.81,
                            "reviewed_at": EXAMPLE_WHEN,
                        }
                    ],
                }
            ],
        }
    )
