"""Builders of poses: people as boxes, all their keypoints in one spot of them."""

from collections.abc import Sequence
from typing import Any

from schemas import ids
from schemas.poses import Person, PoseFrame, PosesExtracted
from tests.builders import clip_ref, of_source

Box = tuple[float, float, float, float]
TALL: Box = (0.4, 0.2, 0.6, 0.8)


def person(
    track_id: int | None = 1, box: Box = TALL, point: tuple[float, float] = (0.5, 0.5)
) -> Person:
    """`point` is where the keypoints are, as shares of the picture."""
    return Person(track_id=track_id, confidence=0.75, box=box, keypoints=((*point, 1.0),) * 17)


def at(x: float, track_id: int | None = 1) -> Person:
    """Somebody whose middle is there; they stand upright."""
    return person(track_id, (x - 0.1, 0.2, x + 0.1, 0.8), (x, 0.5))


def poses(index: int, frames: Sequence[Sequence[Person]], **more: Any) -> PosesExtracted:
    """A clip with these people, frame by frame, evenly spaced."""
    ref = clip_ref(index)
    step_s = (ref.end_s - ref.start_s) / len(frames)
    fields: dict[str, Any] = {"width": 400, "height": 200, "backbone": "yolov8_pose", **more}
    fields = of_source() | fields
    clip_id = ids.clip_id(fields["source_id"], fields["origin_at"], index)
    return PosesExtracted(
        poses_id=ids.poses_id(clip_id, fields["backbone"]),
        clip=ref,
        frames=tuple(
            PoseFrame(at_s=round(ref.start_s + k * step_s, 6), people=tuple(people))
            for k, people in enumerate(frames)
        ),
        **fields,
    )


def standing(index: int, *people: Person, frames: int = 8, **more: Any) -> PosesExtracted:
    """A clip in which nobody moves."""
    return poses(index, [people] * frames, **more)
