"""The enhanced still: easier to look at, and never to be taken for what the camera saw.

The original stands beside it at the same size. Nothing is invented by a network: noise is averaged
away, contrast evened out in places, and the picture enlarged by interpolation.
"""

from typing import Any

import cv2
import numpy as np
from PIL import Image

from services.alerts.lettering import draw, lettering, width
from services.chassis.media.jpeg import of_rgb
from services.chassis.media.shape import Picture, Size

LONGEST_SIDE = 1920
MOST_LARGER = 2.0
NOISE = 7
"""Strength of non-local means: visible noise of a night picture, not texture."""
CONTRAST, TILES = 2.0, (8, 8)
"""Limit and grid of CLAHE."""
STRIP = 28
"""Height of the words below, at least; on large pictures a part of their width."""
ORIGINAL = "original picture, enlarged as it is"
ENHANCED = "ENHANCED: noise reduced, contrast evened, enlarged. Not what the camera recorded."


def enhanced_still(picture: Picture) -> bytes:
    """A JPEG with the original at the left and the enhanced one at the right."""
    target = _target(Size(picture.shape[1], picture.shape[0]))
    return of_rgb(_beside(_enlarged(picture, target), enhance(picture, target)), 90).content


def enhance(picture: Picture, target: Size) -> Picture:
    """Denoised, contrast evened in the lightness alone, enlarged."""
    quiet: Any = cv2.fastNlMeansDenoisingColored(picture, None, NOISE, NOISE, 5, 13)
    lab = cv2.cvtColor(quiet, cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(CONTRAST, TILES).apply(lab[:, :, 0])
    return _enlarged(np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8), target)


def _target(size: Size) -> Size:
    larger = Size(round(size.width * MOST_LARGER), round(size.height * MOST_LARGER))
    return larger.within(max(LONGEST_SIDE, size.width, size.height))


def _enlarged(picture: Picture, target: Size) -> Picture:
    return np.asarray(
        cv2.resize(picture, (target.width, target.height), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _beside(original: Picture, enhanced: Picture) -> Picture:
    height, wide = original.shape[:2]
    strip = max(STRIP, wide // 48)
    canvas = np.zeros((height + strip, 2 * wide, 3), np.uint8)
    canvas[:height, :wide], canvas[:height, wide:] = original, enhanced
    image = Image.fromarray(canvas)
    for left, words in ((0, ORIGINAL), (wide, ENHANCED)):
        size = round(strip * 0.6)
        while size > 5 and width(lettering(words, size)) > wide - 12:
            size -= 1
        draw(image, lettering(words, size), (left + 6, height + strip - strip // 3))
    return np.asarray(image, np.uint8)
