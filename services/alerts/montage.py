"""The contact sheet: an episode at a glance, each picture with its time."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from schemas.alerts import Alert
from services.alerts.core.notice import media_time
from services.alerts.core.spans import Span
from services.alerts.lettering import draw, lettering
from services.chassis.media.jpeg import of_rgb
from services.chassis.media.recording import open_recording
from services.chassis.media.shape import Picture, Size

PICTURES = 12
COLUMNS = 4
SHEET_WIDE = 1920
FOOT = 26
GAP = 4
SIZE = 16


def contact_sheet(video: Path, starts_at_s: float, span: Span, alert: Alert) -> bytes:
    """A JPEG of up to twelve pictures of the span, evenly spaced, read from the evidence video,
    whose zero is `starts_at_s`. Raises VideoUnreadable.
    """
    moments = moments_of(span)
    with video.open("rb") as readable, open_recording(readable) as recording:
        size = _tile(recording.size)
        pictures = [recording.at(at_s - starts_at_s, size) for at_s in moments]
    captions = [caption(alert, at_s) for at_s in moments]
    return of_rgb(sheet(pictures, captions), 88).content


def moments_of(span: Span) -> list[float]:
    """The middles of twelve equal parts; of short spans a picture every quarter of a second."""
    count = max(1, min(PICTURES, math.floor(span.duration_s / 0.25)))
    return [span.start_s + span.duration_s * (n + 0.5) / count for n in range(count)]


def caption(alert: Alert, at_s: float) -> str:
    """The time of day where the source knows it, to a tenth; else media time."""
    if not alert.is_wall_clock:
        return media_time(at_s)
    moment = alert.moment(at_s)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000} UTC"


def sheet(pictures: Sequence[Picture], captions: Sequence[str]) -> Picture:
    """Pictures of one size in rows of four, on black."""
    height, wide = pictures[0].shape[:2]
    columns = min(COLUMNS, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    canvas = np.zeros((rows * (height + FOOT + GAP), columns * (wide + GAP), 3), np.uint8)
    places = [divmod(number, columns) for number in range(len(pictures))]
    for (row, column), picture in zip(places, pictures, strict=True):
        top, left = row * (height + FOOT + GAP), column * (wide + GAP)
        canvas[top : top + height, left : left + wide] = picture
    image = Image.fromarray(canvas)
    for (row, column), words in zip(places, captions, strict=True):
        baseline = (column * (wide + GAP) + 4, (row + 1) * (height + FOOT + GAP) - GAP - 7)
        draw(image, lettering(words, SIZE), baseline)
    return np.asarray(image, np.uint8)


def _tile(size: Size) -> Size:
    return size.wide(SHEET_WIDE // COLUMNS - GAP)
