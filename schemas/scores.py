"""Scores: how unusual a clip is, calibrated, beside the marks in force."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.base import Bytes, Seconds, Unit
from schemas.clips import ClipRef, ClipSpec, Index, OfSource
from schemas.judgements import LIVE, Run


class HeadScore(BaseModel):
    """What one head says of a clip, and the rule that its score goes to.

    `score` is the head's raw output; `calibrated` is its strictly increasing map into [0, 1],
    on which the marks of the rule stand.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    head: str
    model_id: str
    rule: str
    label: str
    score: float
    calibrated: Unit
    high_mark: Unit | None = None


class ClipScored(OfSource):
    """A clip, or consecutive clips that share a window, scored by the heads of one detector.

    `is_last` says that the run is through with its source: all of its detectors gave their last
    score. Then `alerts_opened` is how many alerts the run opened in all, so that a reader knows
    when it has seen everything.
    """

    type: Literal["nightclerk.clip.scored.v1"] = "nightclerk.clip.scored.v1"
    run: Run = LIVE
    detector: str
    backbone: str
    spec: ClipSpec = ClipSpec()
    clips: Annotated[tuple[ClipRef, ...], Field(min_length=1)]
    heads: Annotated[tuple[HeadScore, ...], Field(min_length=1)]
    alerts_opened: Annotated[int, Field(ge=0)] = 0
    is_last: bool = False

    @property
    def top(self) -> HeadScore:
        """The head whose calibrated score is highest; of equals the first."""
        return max(self.heads, key=lambda head: head.calibrated)


class HeadScores(BaseModel):
    """What one head says of the clips of a block: little-endian float64, a clip each."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    head: str
    model_id: str
    rule: str
    label: str
    scores: Bytes
    calibrated: Bytes
    high_mark: Unit | None = None


class ShortClip(BaseModel):
    """A clip that ends before its grid says, as the last of a video and the last before a gap."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    index: Index
    end_s: Seconds


class ClipsScored(OfSource):
    """A block of clips of one source and grid, scored by the heads of one detector under the same
    marks: what a replay gives, in place of a `ClipScored` for each. Clip k starts at
    `k * spec.hop / spec.frame_rate`; `cut_at` is of the latest.

    `indexes` are little-endian int64 that rise strictly. `is_last` and `alerts_opened` are said as
    of the last clip.
    """

    type: Literal["nightclerk.clips.scored.v1"] = "nightclerk.clips.scored.v1"
    run: Run = LIVE
    detector: str
    backbone: str
    spec: ClipSpec = ClipSpec()
    indexes: Bytes
    short: tuple[ShortClip, ...] = ()
    heads: Annotated[tuple[HeadScores, ...], Field(min_length=1)]
    alerts_opened: Annotated[int, Field(ge=0)] = 0
    is_last: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.indexes or len(self.indexes) % 8:
            raise ValueError("indexes are numbers of eight bytes, one at least")
        for head in self.heads:
            if not len(head.scores) == len(head.calibrated) == len(self.indexes):
                raise ValueError("a head has a score of each clip")
        return self
