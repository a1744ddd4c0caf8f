"""What the API tells of deployments: what is live where, how it does, and how that came about."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.judgements import Run
from services.api.models.views import Action, Note
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, STORE_EXAMPLE, View, example

DETECTOR = "linear-1f0c8a52"


class IntervalView(View):
    """A figure, and between what it lies, 19 times out of 20."""

    value: float | None = Field(description="null where nothing is known")
    low: float
    high: float | None = Field(description="null: there is no bound")

    model_config = example({"value": 0.5, "low": 0.24, "high": 0.92})


FIGURES = {
    "since": EXAMPLE_WHEN,
    "cameras": 4,
    "camera_days": 20.0,
    "alarms": 10,
    "per_camera_day": {"value": 0.5, "low": 0.24, "high": 0.92},
    "reviewed_true": 6,
    "reviewed_false": 2,
    "precision": {"value": 0.75, "low": 0.41, "high": 0.93},
}


class FiguresView(View):
    """How a live detector does at the cameras that it judges."""

    since: datetime = Field(description="it is live since then, or the last 30 days")
    cameras: int
    camera_days: float = Field(description="of footage that it judged, all cameras together")
    alarms: int
    per_camera_day: IntervalView
    reviewed_true: int
    reviewed_false: int
    precision: IntervalView = Field(description="share of true alarms among the reviewed")

    model_config = example(FIGURES)


LIVE_HERE = {
    "backbone": "i3d_k400",
    "detector": DETECTOR,
    "name": "station-road",
    "version": 3,
    "is_built_in": False,
    "is_inherited": False,
    "since": EXAMPLE_WHEN,
    "by": "owner@shop.example",
    "budget_per_day": 1.5,
    "former_per_day": 0.5,
    "before": "linear-77d0e3b1",
    "figures": FIGURES,
}


class LiveDetectorView(View):
    """What raises alarms in a scope, for one backbone."""

    backbone: str
    detector: str
    name: str
    version: int
    is_built_in: bool
    is_inherited: bool = Field(description="the store has none of its own: it is the tenant's")
    since: datetime | None
    by: str
    budget_per_day: float | None = Field(
        description="alarms a camera and day, beyond which it is rolled back; null: nobody watches"
    )
    former_per_day: float | None = Field(description="how many the one before it raised")
    before: str | None = Field(
        description="what a rollback brings back; null: what is live above, or built in"
    )
    figures: FiguresView | None = Field(description="null where it has no camera of its own")

    model_config = example(LIVE_HERE)


SHADOW_HERE = {
    "run": f"shadow-{DETECTOR}",
    "backbone": "i3d_k400",
    "detector": DETECTOR,
    "name": "station-road",
    "version": 3,
    "since": EXAMPLE_WHEN,
    "by": "owner@shop.example",
}


class ShadowView(View):
    """A detector that looks on in a scope and alerts nobody."""

    run: str = Field(description="under which its scores and alerts are stored")
    backbone: str
    detector: str
    name: str
    version: int
    since: datetime
    by: str

    model_config = example(SHADOW_HERE)


class DeploymentView(View):
    """What judges all stores of a tenant, or one of them."""

    store_id: UUID | None = Field(description="null: the tenant as a whole")
    store: str | None = Field(description="the store's name")
    etag: str = Field(description="what If-Match of a promotion or rollback there compares")
    live: tuple[LiveDetectorView, ...]
    shadows: tuple[ShadowView, ...] = Field(description="of the scope's own")
    changed_at: datetime | None = Field(description="null where nothing was ever deployed")
    is_announced: bool = Field(description="the services know of it as it is")

    model_config = example(
        {
            **STORE_EXAMPLE,
            "etag": '"20260501T220000.000000"',
            "live": [LIVE_HERE],
            "shadows": [SHADOW_HERE],
            "changed_at": EXAMPLE_WHEN,
            "is_announced": True,
        }
    )


class DeploymentsView(View):
    items: list[DeploymentView] = Field(
        description="of the tenant first, then of the stores one may see, by name"
    )


class HistoryEntryView(View):
    """One change of what is deployed."""

    entry_id: UUID
    action: Action
    store_id: UUID | None
    store: str | None
    run: str
    backbone: str
    detector_before: str | None = Field(description="null: none of the scope's own")
    detector_after: str | None
    at: datetime
    by: str
    is_automatic: bool = Field(description="nobody did it: its alarms left their budget")
    reason: str
    replay_run: str | None = Field(description="the replay that spoke for it")

    model_config = example(
        {
            "entry_id": EXAMPLE_ID,
            "action": "promoted",
            **STORE_EXAMPLE,
            "run": "live",
            "backbone": "i3d_k400",
            "detector_before": None,
            "detector_after": DETECTOR,
            "at": EXAMPLE_WHEN,
            "by": "owner@shop.example",
            "is_automatic": False,
            "reason": "finds both thefts of May",
            "replay_run": "may-again",
        }
    )


class HistoryEntryDetail(HistoryEntryView):
    comparison: dict[str, Any] | None = Field(
        description="what the replay showed when it was promoted, as `/comparisons` gave it"
    )


class HistoryPage(View):
    items: list[HistoryEntryView]
    next: str | None


class _OfScope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    store_id: UUID | None = Field(default=None, description="null: all stores of the tenant")


class PromotionEntry(_OfScope):
    """Either the replay (or shadow) that was compared, or why there is none."""

    run: Run | None = Field(default=None, description="a finished run of this detector")
    without_comparison: bool = False
    reason: Note = ""
    budget_per_day: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None,
        description="alarms a camera and day, beyond which it is rolled back by itself; null: three"
        " times as many as before, at least one",
    )

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"run": "may-again", "reason": "finds both thefts of May"}]
        },
    )


class ShadowEntry(_OfScope):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"store_id": None}]}
    )


class RollbackEntry(_OfScope):
    """What was live there before is so again."""

    backbone: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="needed only where several are live"
    )
    reason: Note = ""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"store_id": None, "reason": "alarms at the freezer"}]},
    )
