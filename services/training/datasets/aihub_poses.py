"""Poses of AI-Hub's store footage as one .npz without pixels: a track a person, thefts by frame.

Arrays: `names` (video#track), `split`, `length` (frames a track, one track after another),
`xy_tenths` [F, 17, 2] (pixels x 10), `confidence_255` [F, 17], `frames` (their numbers), `gt` (1
while the person steals). Its terms allow internal evaluation only: no weights of it may be shipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.scoring.poses import person_numbers

WIDTH, HEIGHT = 1920, 1080
MARGIN = 0.08
"""There are no boxes: one is drawn round the keypoints, so much wider on each side."""
SEEN = 0.25


@dataclass(frozen=True)
class Track:
    """One person in one video."""

    video: str
    is_test: bool
    numbers_TD: NDArray[np.float32]
    """[T, 38], see `services.scoring.poses.person_numbers`."""
    pixels_T172: NDArray[np.float32]
    """Where the keypoints are; nan where one was not seen."""
    frames: NDArray[np.int64]
    theft: NDArray[np.bool_]


def read(path: Path) -> Iterator[Track]:
    """Every track, in the file's order."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    ends = np.cumsum(arrays["length"])
    for row, end in enumerate(ends):
        part = slice(end - arrays["length"][row], end)
        size = np.array([WIDTH, HEIGHT], np.float32)
        points_T172 = arrays["xy_tenths"][part].astype(np.float32) / 10 / size
        sure_T17 = arrays["confidence_255"][part].astype(np.float32) / 255
        pixels_T172 = np.where(sure_T17[..., None] >= SEEN, points_T172 * size, np.float32(np.nan))
        keypoints_T173 = np.concatenate([points_T172, sure_T17[..., None]], axis=2)
        yield Track(
            video=str(arrays["names"][row]).partition("#")[0],
            is_test=str(arrays["split"][row]) == "test",
            numbers_TD=person_numbers(_boxes(points_T172, sure_T17), keypoints_T173),
            pixels_T172=pixels_T172,
            frames=arrays["frames"][part].astype(np.int64),
            theft=arrays["gt"][part] == 1,
        )


def _boxes(points_T172: NDArray[np.float32], sure_T17: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left, top, right, bottom around the keypoints that were seen; around all where none was."""
    seen_T17 = sure_T17 >= SEEN
    seen_T17[~seen_T17.any(axis=1)] = True
    far = np.float32(np.inf)
    low_T2 = np.where(seen_T17[..., None], points_T172, far).min(axis=1)
    high_T2 = np.where(seen_T17[..., None], points_T172, -far).max(axis=1)
    margin_T2 = MARGIN * (high_T2 - low_T2)
    boxes_T4: NDArray[np.float32] = np.concatenate([low_T2 - margin_T2, high_T2 + margin_T2], 1)
    return boxes_T4.clip(0, 1)
