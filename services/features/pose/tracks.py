"""Who is who from frame to frame of one source: ByteTrack (arXiv 2110.06864), by Ultralytics.

Ids are numbered by where the watching began: `FIRST_OF_A_RUN * index of its first clip + n`. So a
watch that begins anew at a later clip, after a restart or a gap, never gives an old id to somebody
else, and one that begins at the same clip again gives the same ids again.

Shapes: N people, 4 sides of a box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from services.features.pose.decode import People
from services.features.pose.letterbox import Floats
from services.features.pose.silent_ultralytics import quiet

FIRST_OF_A_RUN = 2**20
"""More people than one run numbers; times an index of clips it stays an exact float64."""
UNSURE, SURE = 0.1, 0.25
"""A person this unsure may carry a track on; one this sure may begin it. ByteTrack's defaults."""
LOST_S = 1.0
"""Somebody out of sight for longer is somebody new. As in the paper: whoever is lost is thought to
walk on, and after some seconds that would meet other people."""


class Tracker:
    """Follows people through the frames of one unbroken run of clips, in order.

    `frame_rate` is how many frames a second it is shown.
    """

    def __init__(self, first_clip: int, frame_rate: float) -> None:
        quiet()
        from ultralytics.trackers.byte_tracker import BYTETracker

        self._first_id = first_clip * FIRST_OF_A_RUN
        self._tracker = BYTETracker(
            SimpleNamespace(
                track_high_thresh=SURE,
                track_low_thresh=UNSURE,
                new_track_thresh=SURE,
                track_buffer=round(LOST_S * frame_rate),
                match_thresh=0.8,
                # At 7.5 frames a second boxes overlap little enough as it is (see README).
                fuse_score=False,
            )
        )
        self._most = 0

    @property
    def is_full(self) -> bool:
        """Whether another frame might number more people than one run may."""
        return self._most > FIRST_OF_A_RUN // 2

    def follow(self, people: People, width: int, height: int) -> list[int | None]:
        """The id of each person; None for somebody seen for the first time or too unsurely.

        The picture's size turns shares into pixels: motion is foreseen in squares.
        """
        pixels_N4 = people.box * np.array([width, height, width, height], np.float32)
        rows = self._tracker.update(_Detections(people.confidence, _centred(pixels_N4)))
        ids: list[int | None] = [None] * len(people)
        for *_, number, _, _, row in rows:
            self._most = max(self._most, int(number))
            ids[int(row)] = self._first_id + int(number)
        return ids


@dataclass(frozen=True)
class _Detections:
    """What Ultralytics' tracker reads of its own `Boxes`."""

    conf: Floats
    xywh: Floats

    @property
    def cls(self) -> Floats:
        return np.zeros_like(self.conf)

    def __len__(self) -> int:
        return len(self.conf)

    def __getitem__(self, chosen: NDArray[np.bool_] | Sequence[int]) -> "_Detections":
        return _Detections(self.conf[chosen], self.xywh[chosen])


def _centred(box_N4: Floats) -> Floats:
    size_N2 = box_N4[:, 2:] - box_N4[:, :2]
    return np.concatenate([box_N4[:, :2] + size_N2 / 2, size_N2], axis=1)
