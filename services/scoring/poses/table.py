"""Poses as arrays: what `nightclerk extract` writes into a file and training reads from it.

Shapes: T clips, F sampled frames, P people in all frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

import numpy as np
from numpy.typing import NDArray

from schemas import ids
from schemas.clips import ClipRef, ClipSpec, Grid
from schemas.ids import NAMESPACE
from schemas.poses import KEYPOINTS, Person, PoseFrame, PosesExtracted

UNTRACKED = -1
ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
"""Time zero of footage in files: nobody says when it was recorded."""


@dataclass(frozen=True)
class PoseTable:
    """The people of consecutive clips of one source, a row each, in order. The fields are the
    arrays of a feature file: `np.savez(path, **vars(table))`.
    """

    start_s: NDArray[np.float64]
    """[T]; with `end_s` when the clips were."""
    end_s: NDArray[np.float64]
    frame_at_s: NDArray[np.float64]
    """[F]; with `frame_clip` (a row of T) the frames that were looked at, people or not."""
    frame_clip: NDArray[np.int64]
    person_frame: NDArray[np.int64]
    """[P], a row of F."""
    track_id: NDArray[np.int64]
    """[P], -1 for none."""
    confidence: NDArray[np.float32]
    box: NDArray[np.float32]
    """[P, 4]: left, top, right, bottom as shares of the picture."""
    keypoints: NDArray[np.float32]
    """[P, 17, 3]: x, y, confidence."""
    width: int
    height: int


def table(messages: Sequence[PosesExtracted]) -> PoseTable:
    """The arrays of at least one message, of one source and in order."""
    frames = [(row, frame) for row, one in enumerate(messages) for frame in one.frames]
    people = [(row, person) for row, (_, frame) in enumerate(frames) for person in frame.people]
    tracks = [UNTRACKED if one.track_id is None else one.track_id for _, one in people]
    keypoints = np.array([one.keypoints for _, one in people], np.float32)
    return PoseTable(
        start_s=np.array([one.clip.start_s for one in messages], np.float64),
        end_s=np.array([one.clip.end_s for one in messages], np.float64),
        frame_at_s=np.array([frame.at_s for _, frame in frames], np.float64),
        frame_clip=np.array([row for row, _ in frames], np.int64),
        person_frame=np.array([row for row, _ in people], np.int64),
        track_id=np.array(tracks, np.int64),
        confidence=np.array([one.confidence for _, one in people], np.float32),
        box=np.array([one.box for _, one in people], np.float32).reshape(-1, 4),
        keypoints=keypoints.reshape(-1, KEYPOINTS, 3),
        width=messages[0].width,
        height=messages[0].height,
    )


def messages(poses: PoseTable, video: str, backbone: str, spec: ClipSpec) -> list[PosesExtracted]:
    """The messages that `table` was made of, under ids made of the video's name."""
    people = _grouped(list(map(_person, *_rows(poses))), poses.person_frame, len(poses.frame_at_s))
    seen = [
        PoseFrame(at_s=at_s, people=tuple(group))
        for at_s, group in zip(poses.frame_at_s.tolist(), people, strict=True)
    ]
    frames = _grouped(seen, poses.frame_clip, len(poses.start_s))
    source_id = uuid5(NAMESPACE, video)
    spans = zip(poses.start_s.tolist(), poses.end_s.tolist(), strict=True)
    grid = Grid(origin_at=ORIGIN, spec=spec)
    refs = [
        ClipRef(index=grid.index_at(grid.moment(start_s)), start_s=start_s, end_s=end_s)
        for start_s, end_s in spans
    ]
    return [
        PosesExtracted(
            poses_id=ids.poses_id(ids.clip_id(source_id, ORIGIN, ref.index), backbone),
            source_id=source_id,
            origin_at=ORIGIN,
            is_wall_clock=False,
            cut_at=ORIGIN,
            clip=ref,
            backbone=backbone,
            spec=spec,
            width=int(poses.width),
            height=int(poses.height),
            frames=tuple(group),
            is_last=ref is refs[-1],
        )
        for ref, group in zip(refs, frames, strict=True)
    ]


def _rows(poses: PoseTable) -> tuple[list[Any], ...]:
    columns = (poses.track_id, poses.confidence, poses.box, poses.keypoints)
    return tuple(column.tolist() for column in columns)


def _person(
    track_id: int, confidence: float, box: list[float], keypoints: list[list[float]]
) -> Person:
    return Person(
        track_id=None if track_id == UNTRACKED else track_id,
        confidence=confidence,
        box=tuple(box),
        keypoints=tuple(map(tuple, keypoints)),
    )


def _grouped(values: Sequence[Any], rows: NDArray[np.int64], count: int) -> list[list[Any]]:
    """The values of each of `count` rows."""
    groups: list[list[Any]] = [[] for _ in range(count)]
    for row, value in zip(rows.tolist(), values, strict=True):
        groups[row].append(value)
    return groups
