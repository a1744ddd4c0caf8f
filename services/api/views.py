"""What the API tells: frozen pydantic models, each with an example for OpenAPI."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

VideoState = Literal["submitted", "decoding", "scoring", "done", "failed"]
AlertState = Literal["open", "closed"]
_VIDEO = "0f8fad5b-d9cb-469f-a165-70867728950e"
_ALERT = "7c9e6679-7425-50de-944b-e07fc1f90ae7"
_WHEN = "2026-05-01T22:00:00Z"


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


def _example(content: dict[str, Any]) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"examples": [content]})


class VideoView(View):
    """An uploaded video and how far its analysis got."""

    video_id: UUID
    filename: str
    size_bytes: int
    content_type: str
    state: VideoState
    progress: float = Field(description="share of the video that is scored, 0 to 1")
    decoded: float = Field(description="share of the video that is cut into clips, 0 to 1")
    clips_scored: int
    clip_count: int = Field(description="clips cut so far; final once the state is scoring")
    alert_count: int
    top_score: float | None = Field(description="the highest calibrated score so far")
    duration_s: float | None
    width: int | None
    height: int | None
    frame_rate: float | None
    codec: str | None
    playable: bool = Field(description="the media is sure to play in a browser")
    error: str | None = Field(description="one sentence, when the state is failed")
    submitted_at: datetime
    finished_at: datetime | None

    model_config = _example(
        {
            "video_id": _VIDEO,
            "filename": "till.mp4",
            "size_bytes": 7340032,
            "content_type": "video/mp4",
            "state": "scoring",
            "progress": 0.62,
            "decoded": 1.0,
            "clips_scored": 58,
            "clip_count": 94,
            "alert_count": 1,
            "top_score": 0.91,
            "duration_s": 100.1,
            "width": 1280,
            "height": 720,
            "frame_rate": 25.0,
            "codec": "h264",
            "playable": True,
            "error": None,
            "submitted_at": _WHEN,
            "finished_at": None,
        }
    )


class HeadSay(View):
    """What one of several heads says of a clip."""

    rule: str = Field(description="whose label and mark stand in the timeline's `heads`")
    score: float
    calibrated: float


class ClipView(View):
    """One clip's score; of several heads the highest one's."""

    index: int
    start_s: float
    end_s: float
    score: float = Field(description="the head's raw output")
    calibrated: float = Field(description="strictly increasing map of the score into [0, 1]")
    heads: list[HeadSay] | None = Field(
        default=None,
        exclude_if=lambda heads: heads is None,
        description="every head's say; absent where only one looks",
    )


class AlertView(View):
    """An episode that the persistence rule opened."""

    alert_id: UUID
    source_id: UUID
    source_kind: Literal["upload", "camera"]
    filename: str | None = Field(description="of the video, where the source is an upload")
    state: AlertState
    rule: str
    label: str
    start_s: float
    end_s: float
    peak_s: float
    peak_score: float
    origin_at: datetime | None
    model_id: str
    recorded_at: datetime

    model_config = _example(
        {
            "alert_id": _ALERT,
            "source_id": _VIDEO,
            "source_kind": "upload",
            "filename": "till.mp4",
            "state": "closed",
            "rule": "persistence",
            "label": "fight",
            "start_s": 41.6,
            "end_s": 57.6,
            "peak_s": 49.07,
            "peak_score": 0.91,
            "origin_at": None,
            "model_id": "linear/2026-05",
            "recorded_at": _WHEN,
        }
    )


class DeliveryView(View):
    """One attempt to tell somebody."""

    channel: str
    target: str
    attempt: int
    outcome: Literal["delivered", "retrying", "failed"]
    detail: str
    attempted_at: datetime


class AlertDetail(AlertView):
    """An alert with its evidence and who was told. The links need no login and expire."""

    snapshot_url: str | None
    evidence_url: str | None
    deliveries: list[DeliveryView]


class HeadView(View):
    """One of several heads that look side by side, and the rule that its scores go to."""

    rule: str
    label: str
    head: str
    model_id: str
    high_mark: float | None


class Timeline(View):
    """Scores over the time of a video, and its alerts."""

    video_id: UUID
    state: VideoState
    duration_s: float | None
    backbone: str | None
    head: str | None
    model_id: str | None
    high_mark: float | None = Field(description="calibrated score from which a clip counts")
    heads: list[HeadView] = Field(description="of the latest clip; empty where only one looks")
    clips: list[ClipView]
    next_after: int | None = Field(description="ask again with `after` of this; null at the end")
    alerts: list[AlertView]


class VideoPage(View):
    items: list[VideoView]
    total: int
    limit: int
    offset: int


class AlertPage(View):
    items: list[AlertView]
    total: int
    limit: int
    offset: int


class SessionView(View):
    """Whether a login is asked for, and whether this browser has one."""

    required: bool
    open: bool
