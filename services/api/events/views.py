"""The events of the stream as the OpenAPI document has them: one component an event, and
`FollowedEvent` for all of them. Over a WebSocket each text is one; over Server-Sent Events `id` and
`event` are fields of their own, and `data` is JSON.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Union
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
from pydantic.json_schema import models_json_schema

from schemas.alerts import AlertKind, Severity
from schemas.base import Message
from schemas.clips import SourceKind
from schemas.deliveries import DeliveryAttempted
from schemas.health import Condition
from schemas.replays import ExtractionProgressed, ReplayProgressed
from schemas.reviews import AlertReviewed, EventMissed
from schemas.videos import VideoProgressed
from services.api.events.vectors import KINDS
from services.api.view import View

REFERENCE = "#/components/schemas/{model}"


class AlertEvent(View):
    """An alert as it is by now: the latest one counts."""

    alert_id: UUID
    source_id: UUID
    source_kind: SourceKind
    state: Literal["open", "closed"]
    reason: str | None = Field(description="why it was closed")
    run: str
    kind: AlertKind
    rule: str
    label: str
    detail: str
    severity: Severity
    peak_score: float | None
    model_id: str
    started_at: datetime
    ended_at: datetime
    peak_at: datetime
    is_late: bool


class HeadScoreEvent(View):
    """What one head made of it."""

    rule: str
    label: str
    score: float
    calibrated: float
    high_mark: float | None


class ScoreEvent(View):
    """The scores of the latest clips of a source."""

    source_id: UUID
    run: str
    index: int = Field(description="of the first clip, on the source's grid")
    at: datetime
    until: datetime
    calibrated: float = Field(description="the highest of all heads")
    is_late: bool
    is_last: bool = Field(description="the source was judged to its end: an upload's analysis")
    heads: list[HeadScoreEvent]


class HealthEvent(View):
    """A condition of a camera began, goes on, or is over."""

    source_id: UUID
    condition: Condition
    is_over: bool
    detail: str
    count: int
    started_at: datetime
    at: datetime


class ModelsEvent(View):
    """What judges the sources of a tenant, or of a store, from now on."""

    store_id: UUID | None
    live: dict[str, str] = Field(description="detectors by backbone")
    shadows: list[str] = Field(description="their runs")
    deployed_at: datetime


class GapEvent(View):
    """The log has no more of what came between."""

    kind: Literal[KINDS]  # type: ignore[valid-type]
    missed: int | None = Field(description="null where the topic was made anew")


class NoData(View):
    """Nothing more is to be said."""


def _of(message: type[Message], name: str, *without: str, **more: Any) -> type[BaseModel]:
    """What a message says, without what is the house's own."""
    fields = {
        field: (info.annotation, info)
        for field, info in message.model_fields.items()
        if field not in {"type", *without}
    }
    doc = (message.__doc__ or "").partition("\n\n")[0]
    made: type[BaseModel] = create_model(name, __doc__=doc, **fields, **more)  # type: ignore[call-overload]
    return made


SHAPES: dict[str, type[BaseModel]] = {
    "ready": NoData,
    "heartbeat": NoData,
    "gap": GapEvent,
    "alert.opened": AlertEvent,
    "alert.updated": AlertEvent,
    "alert.closed": AlertEvent,
    "score": ScoreEvent,
    "health": HealthEvent,
    "alert.reviewed": _of(AlertReviewed, "AlertReviewedEvent", "tenant_id"),
    "event.missed": _of(EventMissed, "EventMissedEvent", "tenant_id", "levels"),
    "delivery": _of(DeliveryAttempted, "DeliveryEvent", "response"),
    "video.progressed": _of(
        VideoProgressed, "VideoEvent", "video_id", "playable_key", source_id=(UUID, ...)
    ),
    "replay.progressed": _of(ReplayProgressed, "ReplayEvent"),
    "replay.extraction.progressed": _of(ExtractionProgressed, "ExtractionEvent"),
    "models.deployed": ModelsEvent,
}
"""The data of each event by its name."""


def _line(name: str, shape: type[BaseModel]) -> type[BaseModel]:
    title = "".join(part.capitalize() for part in name.split(".")) + "Line"
    identity = Annotated[str, Field(description="go on after it: `after`, or `Last-Event-ID`")]
    made: type[BaseModel] = create_model(
        title,
        __config__=ConfigDict(frozen=True),
        id=(identity, ...),
        event=(Literal[name], ...),  # type: ignore[arg-type]
        data=(shape, ...),
    )
    return made


LINES = tuple(_line(name, shape) for name, shape in SHAPES.items())


class FollowedEvent(RootModel[Annotated[Union[LINES], Field(discriminator="event")]]):  # type: ignore[valid-type] # noqa: UP007
    """One event of the stream."""


def components() -> dict[str, Any]:
    """Schemas by name, for the OpenAPI document."""
    _, made = models_json_schema([(FollowedEvent, "serialization")], ref_template=REFERENCE)
    found: dict[str, Any] = made["$defs"]
    return found


STREAM: dict[str, Any] = {
    "description": "Events without end; each is a `FollowedEvent`, its data one line of JSON.",
    "content": {
        "text/event-stream": {
            "x-itemSchema": {"$ref": REFERENCE.format(model="FollowedEvent")},
        }
    },
}
"""The answer of the route; `itemSchema` has its name in OpenAPI 3.2, and `schema` would describe
each event instead before.
"""
