"""Poses: who was seen in a clip, where, and how they held themselves."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Id, Seconds, Unit
from schemas.clips import ClipRef, ClipSpec, OfSource

KEYPOINTS = 17
"""COCO's: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; left before right."""


class Person(BaseModel):
    """One person in one frame. Coordinates are shares of the picture's width and height."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    track_id: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="the same number is the same person, within one source"
    )
    confidence: Unit
    box: tuple[float, float, float, float] = Field(description="left, top, right, bottom")
    keypoints: Annotated[
        tuple[tuple[float, float, float], ...], Field(min_length=KEYPOINTS, max_length=KEYPOINTS)
    ] = Field(description="x, y, confidence of the 17 COCO keypoints")


class PoseFrame(BaseModel):
    """The people in one sampled frame; none is a fact too."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    at_s: Seconds
    people: tuple[Person, ...] = ()


class PosesExtracted(OfSource):
    """A pose network looked at evenly spaced frames of one clip."""

    type: Literal["nightclerk.poses.extracted.v1"] = "nightclerk.poses.extracted.v1"
    poses_id: Id
    clip: ClipRef
    backbone: str
    spec: ClipSpec = ClipSpec()
    width: Annotated[int, Field(ge=1, description="of the frames that were looked at")]
    height: Annotated[int, Field(ge=1)]
    frames: Annotated[tuple[PoseFrame, ...], Field(min_length=1)]
    is_last: bool = False
