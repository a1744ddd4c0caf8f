"""From a clip's frames to the canvases that the pose network takes.

Shapes: T frames, H height, W width, 3 colours.
"""

from dataclasses import dataclass

import numpy as np

from schemas.clips import ClipRecorded
from services.chassis.errors import InvalidMessage
from services.features.frames import frames_of
from services.features.pose.letterbox import Letterbox, Pixels


@dataclass(frozen=True)
class Pictures:
    """The sampled frames of one clip on canvases of one shape, and when each was on screen."""

    canvases: Pixels
    """[T, H, W, 3]."""
    letterbox: Letterbox
    at_s: tuple[float, ...]


def sampled(clip: ClipRecorded, frames: int) -> list[int]:
    """Which frames of a clip to look at: `frames` of a full one, evenly spaced on to the next clip.

    A short last clip is looked at as often a second. Where clips overlap, what the next one brings
    again is left to it.
    """
    fresh = min(clip.spec.hop, clip.spec.frames)
    until = clip.frame_count if clip.is_last else min(fresh, clip.frame_count)
    steps = range(-(-until * frames // fresh))
    return sorted({int(step * fresh / frames) for step in steps})


def pictures(clip: ClipRecorded, frames: int, size: int) -> Pictures:
    """Raises InvalidMessage for frames that cannot be decoded, or not all of one size."""
    chosen = sampled(clip, frames)
    decoded = list(frames_of(clip, chosen))
    if len({frame_HWC.shape for frame_HWC in decoded}) > 1:
        raise InvalidMessage("the frames of this clip are not all of one size")
    height, width = decoded[0].shape[:2]
    letterbox = Letterbox(width, height, size)
    return Pictures(
        canvases=np.stack([letterbox.fit(frame_HWC) for frame_HWC in decoded]),
        letterbox=letterbox,
        at_s=tuple(round(clip.start_s + k / clip.spec.frame_rate, 6) for k in chosen),
    )
