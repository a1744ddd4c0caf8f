"""Scores: how unusual a clip is, calibrated, beside the marks in force."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Unit
from schemas.clips import ClipRef, ClipSpec, OfSource
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
