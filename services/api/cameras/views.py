"""What the API tells of cameras, and of what is wrong with a source."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.clips import ClipSpec
from schemas.health import Condition
from schemas.sources import Polygon, Recording, Transport, Zone
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, STORE_EXAMPLE, OfStore, View, example

CameraState = Literal["online", "offline", "paused", "starting"]


class ConditionView(View):
    """Something about a source that was not as it should be, or is: see SourceHealth."""

    condition: Condition
    started_at: datetime
    ended_at: datetime = Field(description="how far it is known, while it is not over")
    is_over: bool
    detail: str = Field(description="one sentence for people; may be empty")
    count: int = Field(description="of overloaded, still and clips_dropped: what was left out")

    model_config = example(
        {
            "condition": "offline",
            "started_at": EXAMPLE_WHEN,
            "ended_at": "2026-05-01T22:10:00Z",
            "is_over": True,
            "detail": "The camera refuses the connection.",
            "count": 0,
        }
    )


class ConditionPage(View):
    items: list[ConditionView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class CameraView(OfStore):
    """A camera as it is configured, and how it is. Credentials are never told."""

    source_id: UUID
    name: str
    address: str = Field(description="of the stream that is watched, without credentials")
    record_address: str | None = Field(description="of the stream that is recorded, if another")
    has_credentials: bool = Field(description="there are a user name and a password, sealed")
    spec: ClipSpec
    is_paused: bool
    transport: Transport
    masks: tuple[Polygon, ...]
    masks_recordings: bool
    zones: tuple[Zone, ...]
    motion_gate: bool
    recording: Recording
    origin_at: datetime = Field(description="time zero of its clips")
    configured_at: datetime = Field(description="when it was added")
    changed_at: datetime
    is_announced: bool = Field(
        description="the services know of it as it is; false while Kafka does not answer"
    )
    state: CameraState
    reason: str = Field(description="one sentence for people; may be empty")
    since: datetime = Field(description="how long it has been in this state")
    last_clip_at: datetime | None = Field(description="start of the latest clip with a score")
    last_score: float | None = Field(description="the highest calibrated score of that clip")
    conditions: list[ConditionView] = Field(description="those that are not over")

    model_config = example(
        {
            **STORE_EXAMPLE,
            "source_id": EXAMPLE_ID,
            "name": "Till 1",
            "address": "rtsp://192.168.1.20/stream2",
            "record_address": "rtsp://192.168.1.20/stream1",
            "has_credentials": True,
            "spec": {"frames": 16, "frame_rate": 15.0, "hop": 16},
            "is_paused": False,
            "transport": "auto",
            "masks": [],
            "masks_recordings": False,
            "zones": [],
            "motion_gate": True,
            "recording": "ring",
            "origin_at": EXAMPLE_WHEN,
            "configured_at": EXAMPLE_WHEN,
            "changed_at": EXAMPLE_WHEN,
            "is_announced": True,
            "state": "online",
            "reason": "",
            "since": EXAMPLE_WHEN,
            "last_clip_at": "2026-05-02T08:00:00Z",
            "last_score": 0.07,
            "conditions": [],
        }
    )


class CameraPage(View):
    items: list[CameraView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")
