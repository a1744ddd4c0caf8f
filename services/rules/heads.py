"""Where heads are, by poses: for those who must not be recognised. Pure.

No face is looked for: a head is where nose, eyes and ears are, seen from the front, the side or
behind; where these are not sure, it is above the shoulders; where they are not either, it is the
upper part of the box. Rather too large than too small: coordinates are shares of the picture.
"""

import math
from collections.abc import Iterable, Sequence

from schemas.poses import Person, PoseFrame
from services.chassis.media.hiding import Box

FACE, EARS, SHOULDERS = range(5), (3, 4), (5, 6)
"""Of COCO's keypoints."""

SURE = 0.25
MARGIN = 1.35


def heads_file(frames: Iterable[PoseFrame], aspect: float, starts_at_s: float) -> dict[str, object]:
    """What is kept beside an evidence video whose zero is that second of the source."""
    return {
        "format": "nightclerk-heads/1",
        "starts_at_s": starts_at_s,
        "frames": [
            {
                "at_s": round(frame.at_s - starts_at_s, 3),
                "heads": [
                    [round(value, 4) for value in head_of(person, aspect)]
                    for person in frame.people
                ],
            }
            for frame in frames
        ],
    }


def head_of(person: Person, aspect: float) -> Box:
    """`aspect` is the picture's width divided by its height. Cut to the picture."""
    x, y, half = _face(person, aspect) or _above_shoulders(person, aspect) or _top(person, aspect)
    half = max(half * MARGIN, _least_half(person))
    return (
        max(0.0, (x - half) / aspect),
        max(0.0, y - half * 1.15),
        min(1.0, (x + half) / aspect),
        min(1.0, y + half * 1.15),
    )


Circle = tuple[float, float, float]
"""x, y and half a head, in heights of the picture."""


def _points(person: Person, names: Iterable[int], aspect: float) -> list[tuple[float, float]]:
    chosen = (person.keypoints[name] for name in names)
    return [(x * aspect, y) for x, y, confidence in chosen if confidence >= SURE]


def _face(person: Person, aspect: float) -> Circle | None:
    """A head is about as wide as twice from the ears to the nose, and half as wide as shoulders."""
    points = _points(person, FACE, aspect)
    if len(points) < 2:
        return None
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = max(math.dist((x, y), point) for point in points)
    return x, y, max(spread * 1.3, _half_by_shoulders(person, aspect))


def _above_shoulders(person: Person, aspect: float) -> Circle | None:
    points = _points(person, SHOULDERS, aspect)
    if len(points) < 2:
        return None
    half = max(_half_by_shoulders(person, aspect), _least_half(person))
    (left, left_y), (right, right_y) = points
    return (left + right) / 2, (left_y + right_y) / 2 - 1.6 * half, 1.3 * half


def _half_by_shoulders(person: Person, aspect: float) -> float:
    points: Sequence[tuple[float, float]] = _points(person, SHOULDERS, aspect)
    return 0.3 * math.dist(*points) if len(points) == 2 else 0.0


def _least_half(person: Person) -> float:
    """A person is at most some eight heads tall."""
    _, top, _, bottom = person.box
    return (bottom - top) / 16


def _top(person: Person, aspect: float) -> Circle:
    """Of a box that is wider than tall, as of somebody who lies, all of it."""
    left, top, right, bottom = person.box
    width, height = (right - left) * aspect, bottom - top
    x = (left + right) / 2 * aspect
    if width > height:
        return x, (top + bottom) / 2, max(width, height) / 2
    return x, top + height / 7, max(height / 7, width / 2)
