"""The snapshot: the peak's picture with a discreet strip that says what it shows."""

from typing import Any

import cv2
import numpy as np
import simplejpeg

from services.alerts.core import Alert
from services.alerts.core.notice import media_time, one_line
from services.chassis.media.shape import Picture

LONGEST_SIDE = 1280
QUALITY = 85
FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE = (255, 255, 255)


def snapshot(picture: Picture, alert: Alert) -> bytes:
    """A JPEG, at most 1280 wide or high, with label, score and media time along its foot."""
    small = _fitted(picture)
    _strip(small, caption(alert))
    encoded: Any = simplejpeg.encode_jpeg(small, QUALITY, "RGB", "420")
    return bytes(encoded)


def caption(alert: Alert) -> str:
    """The font draws ASCII alone; other letters become question marks."""
    label = one_line(alert.label).encode("ascii", "replace").decode()
    return f"{label}   {alert.peak_score:.2f}   {media_time(alert.peak_s)}"


def _fitted(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    if scale == 1.0:
        return np.ascontiguousarray(picture).copy()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _strip(picture: Picture, words: str) -> None:
    """Darken the foot of the picture and write on it, in place."""
    height, width = picture.shape[:2]
    tall = min(height, max(14, height // 16))
    foot = picture[height - tall :]
    foot[:] = foot // 3
    scale = tall / 42
    (wide, _), _ = cv2.getTextSize(words, FONT, scale, 1)
    scale *= min(1.0, 0.96 * width / max(wide, 1))
    baseline = (max(1, width // 80), height - max(1, round(tall * 0.3)))
    cv2.putText(picture, words, baseline, FONT, scale, WHITE, 1, cv2.LINE_AA)
