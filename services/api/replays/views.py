"""What the API takes and gives of replays."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from schemas.replays import ReplayInput
from services.api.moments import Moment
from services.api.tables import RUN_CHARS
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

LONGEST = timedelta(days=366)
MOST_SOURCES = 10_000
DETECTOR = "linear-5d1f3c0a9b7e"
RUN = "replay-3f2a9c1d7e60"
SHADOW = "shadow"
"""So begin the runs of shadows; a replay has another name."""
DIGITS = 12
"""At the end of each run's name."""

State = Literal["queued", "extracting", "planning", "running", "done", "failed", "cancelled"]
STRETCH: dict[str, Any] = {
    "since": "2026-05-01T00:00:00Z",
    "until": "2026-05-02T00:00:00Z",
    "source_ids": [EXAMPLE_ID],
}


class ReplayAsked(View):
    """Whose past is to be judged again, and by what: those sources and all of those stores, or,
    where none is named, all that one may see.
    """

    since: Moment
    until: Moment | None = Field(default=None, description="now, where it is not said")
    store_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    source_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_SOURCES)] = ()
    detector: str | None = Field(
        default=None, max_length=64, description="a registered one; null: that of the settings"
    )
    input: ReplayInput = Field(
        default="log",
        description="embeddings or poses on the log, or those in the archive; recordings: the "
        "footage in the object store is embedded anew by the detector's backbone before",
    )
    windows_per_s: Annotated[float, Field(gt=0, le=1e9)] | None = Field(
        default=None, description="no faster than this; null: as fast as it goes"
    )

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [STRETCH | {"detector": DETECTOR}]},
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.until is not None and not timedelta() < self.until - self.since <= LONGEST:
            raise ValueError("until lies after since, by a year at most")
        return self


class ReplayEntry(ReplayAsked):
    """A replay that is to be started. Its run is called after all that is asked for, this name
    first: the same asked for again is the same replay, and no tenant hears of another's.
    """

    name: str = Field(
        default="replay",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=RUN_CHARS - DIGITS - 1,
        description="what its run begins with",
    )

    @model_validator(mode="after")
    def _is_no_shadow(self) -> Self:
        if self.name.startswith(SHADOW):
            raise ValueError("runs of shadows are called shadow-…")
        return self


class EstimateView(View):
    """What a replay would take. `windows` are counted where scores tell of them; `seconds` is null
    where no replay by a detector of that kind was ever finished.
    """

    sources: int
    clips: int
    windows: int
    windows_per_s: float | None = Field(description="of work, as the latest replays were measured")
    measured_by: int = Field(description="so many finished replays tell the rate")
    seconds: float | None = Field(description="in all, embedding recordings anew included")
    extraction_s: float | None = Field(description="of them, where recordings are embedded anew")
    notes: list[str] = Field(description="what is missing, or not known, a sentence each")

    model_config = example(
        {
            "sources": 100,
            "clips": 8_100_000,
            "windows": 4_050_000,
            "windows_per_s": 41_000.0,
            "measured_by": 3,
            "seconds": 98.8,
            "extraction_s": None,
            "notes": [],
        }
    )


class ExtractionView(View):
    """How far recordings were embedded anew; all in seconds of footage but `elapsed_s`."""

    state: Literal["running", "done", "failed", "cancelled"]
    seconds_planned: float
    seconds: float
    seconds_missing: float = Field(description="of which there is no footage that can be read")
    clips: int
    elapsed_s: float
    error: str | None = None


class ReplayView(View):
    """A replay, and how far it got."""

    run: str
    state: State
    is_cancelled: bool
    since: datetime
    until: datetime
    detector: str
    is_built_in: bool = Field(description="it is that of the machine's settings")
    backbone: str
    input: ReplayInput
    windows_per_s: float | None = Field(description="no faster than this")
    source_count: int
    windows_estimated: int
    seconds_estimated: float | None = Field(description="before it began")
    windows_planned: int
    windows: int = Field(description="judged")
    clips: int = Field(description="scored")
    alerts: int = Field(description="that it would have raised")
    refused: int = Field(description="messages that the detector cannot judge")
    share: float = Field(description="done, from 0 to 1: of the step that is at work")
    rate: float | None = Field(description="windows a second of work")
    eta_s: float | None = Field(description="seconds to the end of that step, as it goes now")
    elapsed_s: float
    extraction: ExtractionView | None
    error: str | None
    requested_by: str
    requested_at: datetime
    progressed_at: datetime | None
    finished_at: datetime | None

    model_config = example(
        {
            "run": RUN,
            "state": "running",
            "is_cancelled": False,
            "since": "2026-05-01T00:00:00Z",
            "until": "2026-05-02T00:00:00Z",
            "detector": DETECTOR,
            "is_built_in": False,
            "backbone": "i3d_k400",
            "input": "log",
            "windows_per_s": None,
            "source_count": 100,
            "windows_estimated": 4_050_000,
            "seconds_estimated": 98.8,
            "windows_planned": 4_050_112,
            "windows": 2_025_056,
            "clips": 4_050_112,
            "alerts": 31,
            "refused": 0,
            "share": 0.5,
            "rate": 41_000.0,
            "eta_s": 49.4,
            "elapsed_s": 49.4,
            "extraction": None,
            "error": None,
            "requested_by": "owner@shop.example",
            "requested_at": EXAMPLE_WHEN,
            "progressed_at": EXAMPLE_WHEN,
            "finished_at": None,
        }
    )


class ReplayPage(View):
    items: list[ReplayView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")
