"""What the API tells: frozen pydantic models, each with an example for OpenAPI."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from schemas.alerts import AlertKind, ClosedReason, Severity
from schemas.clips import SourceKind
from services.api.cameras.views import ConditionView
from services.api.names import clean_name
from services.api.reviews.views import IncidentView, ReviewView
from services.api.tables import NAME_CHARS, SENTENCE_CHARS
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, STORE_EXAMPLE, OfStore, View, example

VideoState = Literal["submitted", "decoding", "scoring", "done", "failed"]
AlertState = Literal["open", "closed"]
Resolution = Literal["auto", "clip", "minute", "hour"]
_ALERT = "7c9e6679-7425-50de-944b-e07fc1f90ae7"


class VideoView(OfStore):
    """An uploaded video and how far its analysis got."""

    video_id: UUID
    filename: str
    size_bytes: int
    content_type: str
    state: VideoState
    is_paused: bool = Field(description="nothing more is cut until somebody has it go on")
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
    piece_s: int | None = Field(
        description="faces are hidden: the media comes in pieces of so many seconds (`?piece=0`…)"
    )
    error: str | None = Field(description="one sentence, when the state is failed")
    note: str | None = Field(description="one sentence, when it is done without being whole")
    recorded_at: datetime | None = Field(description="of its first frame, where somebody said so")
    submitted_at: datetime
    finished_at: datetime | None

    model_config = example(
        {
            **STORE_EXAMPLE,
            "video_id": EXAMPLE_ID,
            "filename": "till.mp4",
            "size_bytes": 7340032,
            "content_type": "video/mp4",
            "state": "scoring",
            "is_paused": False,
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
            "piece_s": None,
            "error": None,
            "note": None,
            "recorded_at": None,
            "submitted_at": EXAMPLE_WHEN,
            "finished_at": None,
        }
    )


FileName = Annotated[str, Field(min_length=1, max_length=NAME_CHARS), AfterValidator(clean_name)]


class VideoChange(BaseModel):
    """What of a video a person may change; what is left out stays."""

    filename: FileName | None = None
    is_paused: bool | None = Field(
        default=None, description="nothing more is cut; what is cut already is scored"
    )

    model_config = example({"filename": "Till, Friday night.mp4", "is_paused": True})


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


class AlertView(OfStore):
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
    peak_score: float | None = Field(
        description="the highest calibrated score; null where nothing was scored (presence, health)"
    )
    origin_at: datetime
    is_wall_clock: bool = Field(description="false: nobody said when the video was recorded")
    model_id: str
    recorded_at: datetime = Field(description="when the API heard of it")
    is_held: bool = Field(
        description="nothing that is kept of it is deleted, however old; so it is, too, while a"
        " stretch of its source is held (`/holds`)"
    )
    incident_id: UUID | None = Field(
        description="alerts of a store that belong together have the same"
    )
    review: ReviewView

    model_config = example(
        {
            **STORE_EXAMPLE,
            "alert_id": _ALERT,
            "source_id": EXAMPLE_ID,
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
            "origin_at": EXAMPLE_WHEN,
            "is_wall_clock": True,
            "model_id": "linear/2026-05",
            "recorded_at": EXAMPLE_WHEN,
            "is_held": False,
            "incident_id": _ALERT,
            "review": {"verdict": "false", "reason": "the cleaner", "version": 1},
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
    has_evidence: bool = Field(description="whether there is a video, by whichever way")
    faces: Literal["shown", "hidden"] = Field(
        description="hidden: whatever is fetched has hidden faces, and there are no links"
    )
    deliveries: list[DeliveryView]


class IncidentDetail(IncidentView):
    """An incident with its alerts, and its neighbours in the queue."""

    alerts: list[AlertView] = Field(description="the latest hundred, newest first")
    previous_id: UUID | None = Field(description="what waits before it in the queue")
    next_id: UUID | None = Field(description="what waits after it")


class RunView(View):
    """How far one run got with a source."""

    run: str
    first_at: datetime
    last_at: datetime = Field(description="start of the latest clip with a score")
    is_over: bool


class SourceView(OfStore):
    """What gives clips: a camera, or an uploaded video."""

    source_id: UUID
    source_kind: SourceKind
    name: str
    origin_at: datetime = Field(description="time zero of its clips")
    is_wall_clock: bool = Field(description="false: nobody said when the video was recorded")
    recorded_at: datetime | None
    configured_at: datetime
    runs: list[RunView]

    model_config = example(
        {
            **STORE_EXAMPLE,
            "source_id": EXAMPLE_ID,
            "source_kind": "camera",
            "name": "Till 1",
            "origin_at": EXAMPLE_WHEN,
            "is_wall_clock": True,
            "recorded_at": None,
            "configured_at": EXAMPLE_WHEN,
            "runs": [
                {
                    "run": "live",
                    "first_at": EXAMPLE_WHEN,
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


class AlertPage(View):
    items: list[AlertView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class AlertChange(View):
    """What of an alert a person may change."""

    held: bool = Field(description="whether all that is kept of it stays, however old")
    reason: str = Field(default="", max_length=SENTENCE_CHARS, description="why it is held")
