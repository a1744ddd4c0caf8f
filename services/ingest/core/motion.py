"""Motion in the pictures of one camera. numpy only.

Each picture is compared with a background that follows within some seconds: so whoever creeps
through is seen as well as whoever runs, and who stands still for long is not. Light that is
switched is motion too, until the background has followed. When in doubt there is motion.
"""

import numpy as np

from services.ingest.core.thumbnails import Blocks, Region, Thumbnail

EVERY_S = 0.125
"""So often a picture is measured; more often would cost time and find nothing more."""
SLOW_S = 15.0
"""How long the background remembers."""
NOISE_S = 30.0
LEAST_LEVELS, NOISE_TIMES = 5.0, 5.0
"""A block has changed that is so many levels of luma from the background, and so many times the
noise of the picture, which is how far half of its blocks go from one picture to the next.
"""
LEAST_NEIGHBOURS = 3
LEAST_BLOCKS = 5
"""So many changed blocks with changed neighbours are motion: .07 % of the picture, half a person
at the far end of a room.
"""


class Motion:
    """`region_HW` are the blocks that count (`thumbnails.region_of_blocks`); all where it is None.

    A size that changes begins anew, as does a gap in time.
    """

    def __init__(self, region_HW: Region | None = None) -> None:
        self._region_HW = region_HW
        self._background_HW: Blocks | None = None
        self._latest_HW: Blocks | None = None
        self._noise = self._seen_s = 0.0
        self._latest_s = 0.0
        self._moves = True

    def is_due(self, at_s: float) -> bool:
        """A picture of this time would be measured: no thumbnail needs to be made of others."""
        return self._latest_HW is None or at_s - self._latest_s >= EVERY_S - 1e-6

    def show(self, picture: Thumbnail | None, at_s: float) -> bool:
        """Whether something moves at this time. A picture that is not due is as the one before:
        give None. The first is motion, since nothing is known before it.
        """
        if picture is None or not self.is_due(at_s):
            return self._moves
        background = self._background_HW
        if background is None or background.shape != picture.mean_HW.shape:
            self._begin(picture)
        else:
            step_s = min(at_s - self._latest_s, SLOW_S)
            self._moves = self._has_changed(picture.mean_HW, background, step_s)
            background += (picture.mean_HW - background) * np.float32(step_s / SLOW_S)
        self._latest_HW, self._latest_s = picture.mean_HW, at_s
        return self._moves

    def _begin(self, picture: Thumbnail) -> None:
        self._background_HW, self._moves = picture.mean_HW.copy(), True
        self._noise = self._seen_s = 0.0

    def _has_changed(self, present: Blocks, background: Blocks, step_s: float) -> bool:
        assert self._latest_HW is not None
        noise = float(np.median(np.abs(present - self._latest_HW)))
        self._seen_s += step_s
        self._noise += (noise - self._noise) * step_s / min(self._seen_s, NOISE_S)
        changed = np.abs(present - background) > max(LEAST_LEVELS, NOISE_TIMES * self._noise)
        if self._region_HW is not None and self._region_HW.shape == changed.shape:
            changed &= self._region_HW
        return int((changed & (_neighbours(changed) >= LEAST_NEIGHBOURS)).sum()) >= LEAST_BLOCKS


def _neighbours(changed_HW: Region) -> Blocks:
    """How many of the eight blocks around each have changed."""
    padded = np.pad(changed_HW, 1).astype(np.int8)
    across = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    around = across[:-2] + across[1:-1] + across[2:]
    return np.asarray(around - changed_HW, np.float32)
