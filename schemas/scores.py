"""Scores: how unusual a clip is to a head."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Id, Message, Seconds, Unit, UtcTime
from schemas.clips import SourceKind


class HeadScore(BaseModel):
    """What one of several heads says of a clip, and the rule that its score goes to."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    head: str
    model_id: str
    rule: str
    label: str
    score: float
    calibrated: Unit
    high_mark: Unit | None = None


class ClipScored(Message):
    """A head scored one clip. Clips of one window carry the same score.

    `score` is the head's raw output; `calibrated` is its strictly increasing map into [0, 1],
    on which the marks of the persistence rule stand. The last clip of an upload says how many
    alerts its source opened in all, so that a reader knows when it has seen everything.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.clip.scored.v1"] = "nightclerk.clip.scored.v1"
    clip_id: Id
    source_id: Id
    source_kind: SourceKind = "upload"
    index: Annotated[int, Field(ge=0)]
    start_s: Seconds
    end_s: Seconds
    origin_at: UtcTime | None = None
    score: float
    calibrated: Unit
    high_mark: Unit | None = Field(
        default=None, description="calibrated score from which the rule in use counts a clip"
    )
    head: str
    model_id: str
    backbone: str
    alerts_opened: Annotated[int, Field(ge=0)] = 0
    is_last: bool = False
    heads: tuple[HeadScore, ...] | None = Field(
        default=None,
        description="every head's say, where several look; the fields above are the highest one's",
    )
