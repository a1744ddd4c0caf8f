"""What the API gives of two runs laid beside one another."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from schemas.clips import SourceKind
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, STORE_EXAMPLE, OfStore, View, example


class ShareView(View):
    """A share, with an interval of 95 %. `value` is null where nothing was counted."""

    value: float | None
    low: float
    high: float

    model_config = example({"value": 0.8, "low": 0.49, "high": 0.94})


class SideView(View):
    """One of the two runs, over the stretch."""

    run: str
    detector: str | None = Field(description="several, where it changed, with commas between")
    alerts: int
    camera_days: float = Field(description="of scored time, not of the clock's")
    alarms_per_camera_day: ShareView
    reviewed_true: int = Field(description="of its alerts, by their own review or that of another")
    reviewed_false: int
    precision: ShareView = Field(description="of its alerts that people judged")
    recall: ShareView = Field(description="of what people called true or reported as missed")
    missed: int = Field(description="of that, what it has no alert in")
    auc: ShareView | None = Field(
        description="how often its highest score in an event lies above that in a false alarm; "
        "null where either is lacking"
    )

    model_config = example(
        {
            "run": "replay-3f2a9c1d7e60",
            "detector": "linear-5d1f3c0a9b7e",
            "alerts": 31,
            "camera_days": 100.0,
            "alarms_per_camera_day": {"value": 0.31, "low": 0.21, "high": 0.44},
            "reviewed_true": 8,
            "reviewed_false": 2,
            "precision": {"value": 0.8, "low": 0.49, "high": 0.94},
            "recall": {"value": 0.8, "low": 0.49, "high": 0.94},
            "missed": 2,
            "auc": {"value": 0.91, "low": 0.8, "high": 1.0},
        }
    )


class AlertSideView(View):
    """An alert as one of the two runs has it."""

    alert_id: UUID
    started_at: datetime
    ended_at: datetime
    start_s: float
    end_s: float
    peak_s: float
    peak_score: float
    verdict: bool | None = Field(description="what people said of it")


class OfSourceView(OfStore):
    """Which source something was seen by."""

    source_id: UUID
    source_name: str
    source_kind: SourceKind


class ChangeView(OfSourceView):
    """An alert that only one run has, or that both have, but with another beginning."""

    rule: str
    label: str
    run: AlertSideView | None
    against: AlertSideView | None
    player: str = Field(description="path of the dashboard that plays it")


class ChangesView(View):
    count: int
    items: list[ChangeView] = Field(description="the first 200, in order of time")


class StoreSideView(View):
    alerts: int
    camera_days: float
    alarms_per_camera_day: ShareView


class StoreComparisonView(OfStore):
    """The same counts, of one store."""

    run: StoreSideView
    against: StoreSideView
    gained: int
    lost: int
    moved: int


class DistributionView(View):
    """How the highest calibrated scores of minutes are spread: counts between edges."""

    rule: str
    label: str
    edges: list[float]
    run: list[int]
    against: list[int]


class DisagreementView(OfSourceView):
    """A minute in which the runs differ most, measured from their marks."""

    rule: str
    label: str
    since: datetime
    until: datetime
    start_s: float = Field(description="from the source's origin")
    run_score: float = Field(description="calibrated, the highest of the minute")
    against_score: float
    difference: float = Field(description="of how far they lie above their marks")
    player: str = Field(description="path of the dashboard that plays it")

    model_config = example(
        {
            "source_id": EXAMPLE_ID,
            "source_name": "Till 1",
            "source_kind": "camera",
            **STORE_EXAMPLE,
            "rule": "fight",
            "label": "Possible fight",
            "since": EXAMPLE_WHEN,
            "until": "2026-05-01T22:01:00Z",
            "start_s": 79_200.0,
            "run_score": 0.91,
            "against_score": 0.22,
            "difference": 0.69,
            "player": f"/cameras/{EXAMPLE_ID}?at={EXAMPLE_WHEN}",
        }
    )


class ComparisonView(View):
    """A run beside another. Precision, recall and AUC are of what people said of alerts, and
    reported as missed, in the stretch: they compare the two runs, and measure nothing else.
    """

    run: SideView
    against: SideView
    since: datetime
    until: datetime
    sources: int
    same: int = Field(description="alerts that both have, with the same beginning")
    gained: ChangesView = Field(description="only the run has them")
    lost: ChangesView = Field(description="only the other has them")
    moved: ChangesView = Field(description="both have them, with another beginning")
    stores: list[StoreComparisonView]
    distributions: list[DistributionView]
    disagreements: list[DisagreementView] = Field(description="the ten largest")
