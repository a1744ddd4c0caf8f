"""All people of a clip as one vector, for heads that look at sequences of clips.

Shapes: P people in all frames, M moves of one person from one frame to the next, F frames.
"""

import numpy as np

from schemas.poses import KEYPOINTS, PosesExtracted
from services.scoring.poses.person import KEYPOINT_MARK, PERSON_NUMBERS, Floats, person_numbers
from services.scoring.poses.table import UNTRACKED, PoseTable, table

SCENE_NUMBERS = 4 + 2 * PERSON_NUMBERS + 2 * KEYPOINTS
"""114."""
MOST_PEOPLE = 10
FASTEST = 10.0
"""Heights of the body a second; what is faster is a keypoint that jumped."""


def scene_vector(message: PosesExtracted) -> Floats:
    """float32 [114], all in [0, 1], zero where nobody is: in this order

    - people in a frame, mean and most, in tens;
    - how much two people's boxes overlap (of their union), mean over frames of the most, and most;
    - the 38 numbers of a person (see person), mean over all people and frames, then most;
    - the speed of each keypoint, mean over all moves and fastest, in ten body heights a second.
      A keypoint that is not seen before and after does not count.
    """
    poses = table([message])
    if not len(poses.box):
        return np.zeros(SCENE_NUMBERS, np.float32)
    numbers_PD = person_numbers(poses.box, poses.keypoints)
    people_F = np.bincount(poses.person_frame, minlength=len(poses.frame_at_s)) / MOST_PEOPLE
    overlap_F = np.array([_overlap(poses, frame) for frame in range(len(people_F))])
    parts = [
        [people_F.mean(), people_F.max(), overlap_F.mean(), overlap_F.max()],
        numbers_PD.mean(axis=0),
        numbers_PD.max(axis=0),
        *_pooled(speeds(poses) / FASTEST),
    ]
    return np.concatenate(parts).clip(0, 1).astype(np.float32)


def speeds(poses: PoseTable) -> Floats:
    """[M, 17] body heights a second; nan for a keypoint not seen both before and after."""
    order = np.lexsort((poses.person_frame, poses.track_id))
    older, newer = order[:-1], order[1:]
    track, frame = poses.track_id, poses.person_frame
    same = (track[older] == track[newer]) & (track[older] != UNTRACKED)
    older, newer = older[same], newer[same]
    passed_s_M = poses.frame_at_s[frame[newer]] - poses.frame_at_s[frame[older]]
    pixels = np.array([poses.width, poses.height])
    moved_M17 = np.linalg.norm(
        (poses.keypoints[newer, :, :2] - poses.keypoints[older, :, :2]) * pixels, axis=2
    )
    height_M = (poses.box[newer, 3] - poses.box[newer, 1]) * poses.height
    speed_M17 = moved_M17 / np.maximum(height_M * passed_s_M, 1e-6)[:, None]
    sure_M17 = np.minimum(poses.keypoints[older, :, 2], poses.keypoints[newer, :, 2])
    return np.where(sure_M17 >= KEYPOINT_MARK, speed_M17, np.nan).astype(np.float32)


def _pooled(speed_M17: Floats) -> tuple[Floats, Floats]:
    """Mean and most of each keypoint over the moves in which it was seen; 0 without any."""
    seen_M17 = np.isfinite(speed_M17)
    speed_M17 = np.where(seen_M17, speed_M17, 0).clip(0, 1)
    count_17 = np.maximum(seen_M17.sum(axis=0), 1)
    return speed_M17.sum(axis=0) / count_17, speed_M17.max(axis=0, initial=0)


def _overlap(poses: PoseTable, frame: int) -> float:
    """The largest share of their union that the boxes of two people in a frame have in common."""
    box_N4 = poses.box[poses.person_frame == frame]
    corner_NN2 = np.maximum(box_N4[:, None, :2], box_N4[None, :, :2])
    common_NN2 = (np.minimum(box_N4[:, None, 2:], box_N4[None, :, 2:]) - corner_NN2).clip(0)
    area_N = (box_N4[:, 2:] - box_N4[:, :2]).prod(axis=1)
    common_NN = common_NN2.prod(axis=2)
    union_NN = area_N[:, None] + area_N[None] - common_NN
    shares_NN = common_NN / np.maximum(union_NN, 1e-9)
    np.fill_diagonal(shares_NN, 0)
    return float(shares_NN.max(initial=0))
