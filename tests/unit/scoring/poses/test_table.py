"""Poses as arrays and back."""

from pathlib import Path
from uuid import uuid5

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipSpec
from schemas.ids import NAMESPACE
from services.scoring.poses import PoseTable, messages, table
from tests.unit.scoring.poses.people import at, poses, standing

CLIPS = [
    poses(0, [[at(0.25), at(0.75, None)], [], [at(0.5)]]),
    standing(1),
    poses(2, [[], [at(0.5, 2**40)]]),
]


def test_arrays_have_a_row_for_every_clip_frame_and_person() -> None:
    poses = table(CLIPS)
    assert len(poses.start_s) == 3
    assert poses.frame_clip.tolist() == [0, 0, 0, *[1] * 8, 2, 2]
    assert poses.person_frame.tolist() == [0, 0, 2, 12]
    assert poses.track_id.tolist() == [1, -1, 1, 2**40]
    assert poses.box.shape == (4, 4)
    assert poses.keypoints.shape == (4, 17, 3)


def test_nobody_has_arrays_too() -> None:
    poses = table([standing(0)])
    assert (poses.box.shape, poses.keypoints.shape) == ((0, 4), (0, 17, 3))


def test_arrays_go_through_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **vars(table(CLIPS)))
    with np.load(tmp_path / "a.npz") as file:
        back = messages(PoseTable(**file), "a.mp4", "yolov8_pose", ClipSpec())
    assert [one.clip.index for one in back] == [0, 1, 2]
    assert [one.is_last for one in back] == [False, False, True]
    assert {one.source_id for one in back} == {uuid5(NAMESPACE, "a.mp4")}
    assert [one.clip.start_s for one in back] == [one.clip.start_s for one in CLIPS]
    assert [len(frame.people) for one in back for frame in one.frames] == [2, 0, 1, *[0] * 9, 1]


SPOTS = st.lists(st.floats(0.125, 0.875, width=16), max_size=3)
FRAMES = st.lists(SPOTS, min_size=1, max_size=4)


@given(st.lists(FRAMES, min_size=1, max_size=4))
def test_the_way_there_and_back_changes_nothing(clips: list[list[list[float]]]) -> None:
    made = [
        poses(index, [[at(x, number) for number, x in enumerate(people)] for people in frames])
        for index, frames in enumerate(clips)
    ]
    back = messages(table(made), "a.mp4", "yolov8_pose", ClipSpec())
    assert messages(table(back), "a.mp4", "yolov8_pose", ClipSpec()) == back
    for one, again in zip(vars(table(made)).values(), vars(table(back)).values(), strict=True):
        assert np.array_equal(one, again)
