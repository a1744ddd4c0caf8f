"""Judgements: the raw score of each head, before calibration and rules."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.clips import ClipRef, ClipSpec, OfSource

LIVE = "live"
"""The run of the detectors that may raise alarms. Shadows and replays have names of their own."""
Run = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class HeadJudgement(BaseModel):
    """What one head gives a clip. `rule` names the rule that its score goes to."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    head: str
    model_id: str
    rule: str
    score: float


class ClipJudged(OfSource):
    """The heads of one detector judged a clip, or consecutive clips that share a window.

    Every clip is judged once in effect: what comes again under an index that was judged before
    says the same.
    """

    type: Literal["nightclerk.clip.judged.v1"] = "nightclerk.clip.judged.v1"
    run: Run = LIVE
    detector: str
    backbone: str
    spec: ClipSpec = ClipSpec()
    clips: Annotated[tuple[ClipRef, ...], Field(min_length=1)]
    heads: Annotated[tuple[HeadJudgement, ...], Field(min_length=1)]
    is_last: bool = False
