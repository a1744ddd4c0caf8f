"""The snapshot: the peak's picture with the people on it and a discreet strip that says what it
shows.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from schemas.alerts import Alert
from schemas.poses import Person
from services.alerts.core.notice import media_time, one_line
from services.alerts.lettering import draw, lettering, width
from services.alerts.skeletons import with_people
from services.chassis.media.jpeg import of_rgb
from services.chassis.media.shape import Picture, Size

LONGEST_SIDE = 3840
SMALLEST_LETTERS = 4


def snapshot(picture: Picture, alert: Alert, people: Sequence[Person] = ()) -> bytes:
    """A JPEG in original resolution, at most 3840 wide or high, with boxes and skeletons of those
    people, and with label, score (where there is one) and media time along its foot.
    """
    small = with_people(_fitted(picture), people)
    return of_rgb(_with_strip(small, caption(alert))).content


def caption(alert: Alert) -> str:
    peak = "" if alert.peak_score is None else f"{alert.peak_score:.2f}   "
    return f"{one_line(alert.label)}   {peak}{media_time(alert.peak_s)}"


def _fitted(picture: Picture) -> Picture:
    height, width_px = picture.shape[:2]
    size = Size(width_px, height).within(LONGEST_SIDE)
    if (size.width, size.height) == (width_px, height):
        return picture
    image = Image.fromarray(picture).resize((size.width, size.height), Image.Resampling.BOX)
    return np.asarray(image, np.uint8)


def _with_strip(picture: Picture, words: str) -> Picture:
    """Darken the foot and write on it, as large as its height and the picture's width allow."""
    height, wide = picture.shape[:2]
    tall = min(height, max(14, height // 16))
    picture = picture.copy()
    foot = picture[height - tall :]
    foot[:] = foot // 3
    size = max(SMALLEST_LETTERS, round(tall * 0.6))
    room = 0.96 * wide
    if (needed := width(lettering(words, size))) > room:
        size = max(SMALLEST_LETTERS, int(size * room / needed))
    image = Image.fromarray(picture)
    baseline = (max(1, wide // 80), height - max(1, round(tall * 0.3)))
    draw(image, lettering(words, size), baseline)
    return np.asarray(image, np.uint8)
