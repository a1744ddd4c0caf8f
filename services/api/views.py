"""What the API tells: frozen pydantic models, each with an example for OpenAPI."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.alerts import AlertKind, ClosedReason, Severity
from schemas.clips import ClipSpec, SourceKind
from schemas.health import Condition
from schemas.sources import Polygon, Recording, Transport, Zone

VideoState = Literal["submitted", "decoding", "scoring", "done", "failed"]
AlertState = Literal["open", "closed"]
CameraState = Literal["online", "offline", "paused", "starting"]
Resolution = Literal["auto", "clip", "minute", "hour"]
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
    clips_missing: int = Field(description="once it is done: clips that never got a score")
    alert_count: int
    top_score: float | None = Field(description="the highest calibrated score so far")
    duration_s: float | None
    width: int | None
    height: int | None
    frame_rate: float | None
    codec: str | None
    playable: bool = Field(description="the media is sure to play in a browser")
    error: str | None = Field(description="one sentence, when the state is failed")
    note: str | None = Field(description="one sentence, when it is done without being whole")
    recorded_at: datetime | None = Field(description="of its first frame, where somebody said so")
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
            "clips_missing": 0,
            "alert_count": 1,
            "top_score": 0.91,
            "duration_s": 100.1,
            "width": 1280,
            "height": 720,
            "frame_rate": 25.0,
            "codec": "h264",
            "playable": True,
            "error": None,
            "note": None,
            "recorded_at": None,
            "submitted_at": _WHEN,
            "finished_at": None,
        }
    )


class HeadScoreView(View):
    """What one of several heads gives a clip."""

    rule: str = Field(description="whose label and mark stand in the timeline's `heads`")
    score: float
    calibrated: float


class ClipView(View):
    """One clip's score; of several heads the highest one's."""

    index: int
    at: datetime = Field(description="when it starts")
    start_s: float = Field(description="the same, in seconds from the source's origin")
    end_s: float
    score: float = Field(description="the head's raw output")
    calibrated: float = Field(description="strictly increasing map of the score into [0, 1]")
    heads: list[HeadScoreView] | None = Field(
        default=None,
        exclude_if=lambda heads: heads is None,
        description="every head's scores; absent where there is only one",
    )


class AlertView(View):
    """An episode that the persistence rule opened."""

    alert_id: UUID
    source_id: UUID
    source_kind: SourceKind
    filename: str = Field(description="the source's name: of an upload, its file's")
    run: str
    state: AlertState
    kind: AlertKind = Field(description="health: something is wrong with the source itself")
    reason: ClosedReason | None = Field(description="why it is closed")
    rule: str
    label: str
    severity: Severity
    started_at: datetime
    ended_at: datetime = Field(description="so far, while it is open")
    start_s: float = Field(description="seconds from the source's origin, as the next three")
    end_s: float
    peak_s: float
    peak_score: float
    origin_at: datetime
    is_wall_clock: bool = Field(description="false: nobody said when the video was recorded")
    model_id: str
    recorded_at: datetime = Field(description="when the API heard of it")
    is_held: bool = Field(description="nothing that is kept of it is deleted, however old")

    model_config = _example(
        {
            "alert_id": _ALERT,
            "source_id": _VIDEO,
            "source_kind": "upload",
            "filename": "till.mp4",
            "run": "live",
            "state": "closed",
            "kind": "incident",
            "reason": "subsided",
            "rule": "fight",
            "label": "Possible fight",
            "severity": "warning",
            "started_at": "2026-05-01T22:00:41.600Z",
            "ended_at": "2026-05-01T22:00:57.600Z",
            "start_s": 41.6,
            "end_s": 57.6,
            "peak_s": 49.07,
            "peak_score": 0.91,
            "origin_at": _WHEN,
            "is_wall_clock": True,
            "model_id": "linear/2026-05",
            "recorded_at": _WHEN,
            "is_held": False,
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


class ConditionView(View):
    """Something about a source that was not as it should be, or is: see SourceHealth."""

    condition: Condition
    started_at: datetime
    ended_at: datetime = Field(description="how far it is known, while it is not over")
    is_over: bool
    detail: str = Field(description="one sentence for people; may be empty")
    count: int = Field(description="of overloaded, still and clips_dropped: what was left out")

    model_config = _example(
        {
            "condition": "offline",
            "started_at": _WHEN,
            "ended_at": "2026-05-01T22:10:00Z",
            "is_over": True,
            "detail": "The camera refuses the connection.",
            "count": 0,
        }
    )


class CameraView(View):
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

    model_config = _example(
        {
            "source_id": _VIDEO,
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
            "origin_at": _WHEN,
            "configured_at": _WHEN,
            "changed_at": _WHEN,
            "is_announced": True,
            "state": "online",
            "reason": "",
            "since": _WHEN,
            "last_clip_at": "2026-05-02T08:00:00Z",
            "last_score": 0.07,
            "conditions": [],
        }
    )


class RunView(View):
    """How far one run got with a source."""

    run: str
    first_at: datetime
    last_at: datetime = Field(description="start of the latest clip with a score")
    is_over: bool


class SourceView(View):
    """What gives clips: a camera, or an uploaded video."""

    source_id: UUID
    source_kind: SourceKind
    name: str
    origin_at: datetime = Field(description="time zero of its clips")
    is_wall_clock: bool = Field(description="false: nobody said when the video was recorded")
    recorded_at: datetime | None
    configured_at: datetime
    runs: list[RunView]

    model_config = _example(
        {
            "source_id": _VIDEO,
            "source_kind": "camera",
            "name": "Till 1",
            "origin_at": _WHEN,
            "is_wall_clock": True,
            "recorded_at": None,
            "configured_at": _WHEN,
            "runs": [
                {
                    "run": "live",
                    "first_at": _WHEN,
                    "last_at": "2026-05-02T08:00:00Z",
                    "is_over": False,
                }
            ],
        }
    )


class HeadView(View):
    """Whose scores these are: the head of a rule, and the mark in force."""

    rule: str
    label: str
    head: str
    model_id: str
    detector: str
    backbone: str
    high_mark: float | None = Field(description="calibrated score from which a clip counts")


class HeadMaxima(View):
    """The highest calibrated score of each step; null where nothing was scored."""

    rule: str
    calibrated: list[float | None]


class MaximaView(View):
    """Step k covers `step_s` seconds from `at + k * step_s` on."""

    at: datetime
    step_s: int
    heads: list[HeadMaxima]


class TimelineView(View):
    """What one run made of a source between two moments: scores and alerts."""

    source_id: UUID
    run: str
    resolution: Literal["clip", "minute", "hour"]
    origin_at: datetime
    is_wall_clock: bool
    since: datetime
    until: datetime = Field(description="how far this page goes")
    heads: list[HeadView] = Field(description="as of the latest scores in the span")
    clips: list[ClipView] = Field(description="with resolution clip: in order of time")
    maxima: MaximaView | None = Field(description="with resolution minute or hour")
    alerts: list[AlertView] = Field(description="that touch this page's span, in order of time")
    conditions: list[ConditionView] = Field(description="likewise: why there may be no scores")
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class SourcePage(View):
    items: list[SourceView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class VideoPage(View):
    items: list[VideoView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class CameraPage(View):
    items: list[CameraView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class AlertPage(View):
    items: list[AlertView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class ConditionPage(View):
    items: list[ConditionView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class SessionView(View):
    """Whether a login is asked for, and whether this browser has one."""

    required: bool
    open: bool


class RecordedStretch(View):
    """A camera was recorded without a gap from one moment to another."""

    since: datetime
    until: datetime
    size_bytes: int
    is_stored: bool = Field(description="all of it lies in the object store, not only on a worker")


class RecordingsView(View):
    """What was recorded of a camera, oldest first; what lies between is not there."""

    items: list[RecordedStretch]

    model_config = _example(
        {
            "items": [
                {"since": _WHEN, "until": _WHEN, "size_bytes": 52428800, "is_stored": False},
            ]
        }
    )


class AlertChange(View):
    """What of an alert a person may change."""

    held: bool = Field(description="whether all that is kept of it stays, however old")
