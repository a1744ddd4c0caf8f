"""Boxes and skeletons of people, drawn on a picture in its own resolution."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from schemas.poses import Person
from services.chassis.media.shape import Picture

BONES = (
    *((5, 7), (7, 9), (6, 8), (8, 10)),  # arms
    *((11, 13), (13, 15), (12, 14), (14, 16)),  # legs
    *((5, 6), (11, 12), (5, 11), (6, 12), (0, 5), (0, 6)),  # trunk and head
)
"""Pairs of COCO's keypoints."""
SURE = 0.3
"""A keypoint of less confidence is not drawn."""
BOX, BONE, JOINT = (255, 196, 0), (64, 224, 255), (255, 255, 255)


def with_people(picture: Picture, people: Sequence[Person]) -> Picture:
    """A copy; the picture itself where nobody is."""
    if not people:
        return picture
    image = Image.fromarray(picture)
    pen, thick = ImageDraw.Draw(image), max(1, round(max(image.size) / 480))
    for person in people:
        left, top, right, bottom = person.box
        corners = [_pixels((left, top), image.size), _pixels((right, bottom), image.size)]
        if corners[0][0] < corners[1][0] and corners[0][1] < corners[1][1]:
            pen.rectangle(corners, outline=BOX, width=thick)
        _draw_bones(pen, person, image.size, thick)
    return np.asarray(image, np.uint8)


def _draw_bones(
    pen: ImageDraw.ImageDraw, person: Person, size: tuple[int, int], thick: int
) -> None:
    points = [
        _pixels((x, y), size) if confidence >= SURE else None
        for x, y, confidence in person.keypoints
    ]
    for first, second in BONES:
        start, end = points[first], points[second]
        if start is not None and end is not None:
            pen.line([start, end], fill=BONE, width=thick)
    for point in points:
        if point is not None:
            x, y = point
            pen.ellipse((x - thick, y - thick, x + thick, y + thick), fill=JOINT)


def _pixels(share: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    return share[0] * size[0], share[1] * size[1]
