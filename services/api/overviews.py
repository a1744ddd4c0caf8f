"""What the API tells at a glance."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.api.cameras.views import CameraState, ConditionView
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, OfStore, View, example


class StoreHealthView(View):
    """A store, and how many of its cameras are how."""

    store_id: UUID
    name: str
    time_zone: str
    online: int
    offline: int
    starting: int
    paused: int
    impaired: int = Field(description="online, with a picture that is dark, covered or the like")
    alerts: int = Field(description="of the latest 24 hours")


class TroubledView(OfStore):
    """A camera that is offline, or sees badly."""

    source_id: UUID
    name: str
    state: CameraState
    reason: str = Field(description="one sentence for people; may be empty")
    since: datetime
    conditions: list[ConditionView] = Field(description="those that are not over")


class HourView(View):
    """Alerts that began within an hour, by severity."""

    at: datetime
    info: int
    warning: int
    critical: int


class ModelView(View):
    """A model whose scores came within the latest day."""

    model_id: str
    detector: str
    backbone: str
    label: str = Field(description="what it looks for")
    sources: int = Field(description="how many cameras and uploads it judged")
    last_at: datetime


class PartView(View):
    """Something that the API needs."""

    name: str
    works: bool
    fault: str


class OverviewView(View):
    """Stores, cameras, alerts, review and models at a glance."""

    at: datetime
    stores: list[StoreHealthView] = Field(description="by name")
    troubled: list[TroubledView] = Field(description="cameras offline or with a bad picture; 50")
    hours: list[HourView] = Field(description="the latest 24, the one that runs included")
    open_alerts: int
    waiting: int = Field(description="incidents in the review queue; 1000 means that or more")
    claimed: int = Field(description="those that somebody is at; likewise")
    models: list[ModelView]
    lag_s: float | None = Field(
        description="how late scores come, of the slowest camera online; null: none is"
    )
    clips_left_out: int = Field(description="of the latest day, for lack of capacity")
    parts: list[PartView]

    model_config = example(
        {
            "at": EXAMPLE_WHEN,
            "stores": [
                {
                    "store_id": EXAMPLE_ID,
                    "name": "Station Road",
                    "time_zone": "Asia/Seoul",
                    "online": 4,
                    "offline": 0,
                    "starting": 0,
                    "paused": 0,
                    "impaired": 0,
                    "alerts": 3,
                }
            ],
            "troubled": [],
            "hours": [{"at": EXAMPLE_WHEN, "info": 0, "warning": 2, "critical": 1}],
            "open_alerts": 1,
            "waiting": 2,
            "claimed": 0,
            "models": [
                {
                    "model_id": "causal_mil/2026-05",
                    "detector": "night",
                    "backbone": "i3d_k400",
                    "label": "Possible fight",
                    "sources": 4,
                    "last_at": EXAMPLE_WHEN,
                }
            ],
            "lag_s": 3.2,
            "clips_left_out": 0,
            "parts": [{"name": "database", "works": True, "fault": ""}],
        }
    )
