"""Where heads are by poses: the face when it is seen, else what stands above it or holds it."""

import json

import pytest

from schemas.poses import Person, PoseFrame
from services.rules.heads import head_of, heads_file

ASPECT = 16 / 9
BODY = (0.4, 0.2, 0.5, 0.9)


def person(*sure: int, box: tuple[float, float, float, float] = BODY) -> Person:
    """Somebody who stands upright, of whom only those keypoints are sure."""
    places = [(0.45, 0.27), (0.455, 0.26), (0.445, 0.26), (0.462, 0.27), (0.438, 0.27)]
    places += [(0.475, 0.38), (0.425, 0.38), *((0.45, 0.6),) * 10]
    keypoints = tuple(
        (x, y, 0.9 if number in sure else 0.05) for number, (x, y) in enumerate(places)
    )
    return Person(track_id=1, confidence=0.8, box=box, keypoints=keypoints)


FACE = (0.438, 0.235, 0.462, 0.31)
"""Of that person: from ear to ear, from brow to chin."""


@pytest.mark.parametrize(
    "sure",
    [(0, 1, 2, 3, 4, 5, 6), (0, 1, 2), (3, 4), (0, 4, 5, 6), (5, 6), (), (0,), (5,)],
    ids=str,
)
def test_the_face_is_within_however_little_is_sure(sure: tuple[int, ...]) -> None:
    left, top, right, bottom = head_of(person(*sure), ASPECT)
    assert left <= FACE[0]
    assert top <= FACE[1]
    assert right >= FACE[2]
    assert bottom >= FACE[3]
    assert (right - left) * (bottom - top) < 0.08


def test_of_somebody_who_lies_all_is_hidden() -> None:
    lying = (0.2, 0.7, 0.7, 0.9)
    left, top, right, bottom = head_of(person(box=lying), ASPECT)
    assert (left <= 0.2, top <= 0.7, right >= 0.7, bottom >= 0.9) == (True,) * 4


def test_a_head_at_the_edge_stays_in_the_picture() -> None:
    box = head_of(person(box=(0.0, 0.0, 0.05, 0.4)), ASPECT)
    assert all(0 <= value <= 1 for value in box)


def test_seconds_are_those_of_the_video() -> None:
    frames = [PoseFrame(at_s=12.0, people=(person(0, 1),)), PoseFrame(at_s=12.5)]
    whole = json.loads(json.dumps(heads_file(frames, ASPECT, 10.0)))
    assert [(each["at_s"], len(each["heads"])) for each in whole["frames"]] == [(2.0, 1), (2.5, 0)]
