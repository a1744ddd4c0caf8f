"""Replays: a stretch of the past under another detector, asked for, and how far it got."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Id, Message, UtcTime
from schemas.judgements import LIVE, Run
from schemas.models import DetectorPackage

ReplayInput = Literal["log", "archive", "recordings"]
"""Embeddings or poses on the log, those in the object store, or the footage itself, embedded anew
by the detector's backbone."""
ReplayState = Literal["queued", "planning", "running", "done", "failed", "cancelled"]


class ReplayRequested(Message):
    """Somebody wants a stretch judged again. The latest of a run counts: one that says
    `is_cancelled` ends it. A tombstone: its results were removed.
    """

    KEY: ClassVar[str] = "run"

    type: Literal["nightclerk.replay.requested.v1"] = "nightclerk.replay.requested.v1"
    run: Run
    tenant_id: Id
    since: UtcTime
    until: UtcTime
    sources: Annotated[tuple[Id, ...], Field(min_length=1, max_length=10_000)]
    package: DetectorPackage | None = Field(
        default=None, description="absent: the detector that the machine's settings name"
    )
    backbone: str = Field(description="of the detector")
    input: ReplayInput = "log"
    windows_per_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="no faster than this; absent: as fast as it goes"
    )
    is_cancelled: bool = False
    extracted_at: UtcTime | None = Field(
        default=None,
        description="of input `recordings`: since when the footage lies on the log as embeddings, "
        "written after `requested_at`; until then there is nothing to judge",
    )
    requested_at: UtcTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.run == LIVE:
            raise ValueError("live is the run that alerts people")
        if self.until <= self.since:
            raise ValueError("the stretch must end after it starts")
        return self


class ReplayProgressed(Message):
    """How far a replay got. The latest of a run counts."""

    KEY: ClassVar[str] = "run"

    type: Literal["nightclerk.replay.progressed.v1"] = "nightclerk.replay.progressed.v1"
    run: Run
    state: ReplayState
    windows_planned: Annotated[int, Field(ge=0)] = 0
    windows: Annotated[int, Field(ge=0)] = Field(default=0, description="judged")
    clips: Annotated[int, Field(ge=0)] = Field(default=0, description="scored")
    alerts: Annotated[int, Field(ge=0)] = Field(default=0, description="that it would have raised")
    refused: Annotated[int, Field(ge=0)] = Field(
        default=0, description="messages of the backbone that the detector cannot judge"
    )
    estimated_s: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="what it would take in all, estimated before it began"
    )
    elapsed_s: Annotated[float, Field(ge=0)] = Field(default=0.0, description="of work so far")
    error: Annotated[str, Field(max_length=1000)] | None = None
    progressed_at: UtcTime


class ExtractionProgressed(Message):
    """How far the footage of a replay from recordings was embedded anew. The latest counts;
    `done` says that all there is lies on the log.
    """

    KEY: ClassVar[str] = "run"

    type: Literal["nightclerk.extraction.progressed.v1"] = "nightclerk.extraction.progressed.v1"
    run: Run
    requested_at: UtcTime = Field(description="of the request that this is about")
    state: Literal["running", "done", "failed", "cancelled"]
    seconds_planned: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="of the stretch, of all sources, whether there is footage or not"
    )
    seconds: Annotated[float, Field(ge=0)] = Field(default=0.0, description="of it gone through")
    seconds_missing: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="of these there was no footage, or none that could be read"
    )
    clips: Annotated[int, Field(ge=0)] = Field(default=0, description="embedded")
    elapsed_s: Annotated[float, Field(ge=0)] = Field(default=0.0, description="of work so far")
    error: Annotated[str, Field(max_length=1000)] | None = None
    progressed_at: UtcTime
