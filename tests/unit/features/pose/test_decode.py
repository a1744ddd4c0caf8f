"""What the network says of its places becomes people, by hand."""

import numpy as np
import pytest

from services.features.pose.decode import decode
from services.features.pose.letterbox import Letterbox
from tests.unit.features.pose.planted import planted

LETTERBOX = Letterbox(640, 320, 320)
"""A picture twice as large as its canvas of 320 x 160."""


def test_a_box_comes_back_as_shares_of_the_picture() -> None:
    people = decode(planted((160, 320), [(32, 16, 112, 96)]), LETTERBOX, 0.5)
    assert len(people) == 1
    assert people.box[0] == pytest.approx([0.1, 0.1, 0.35, 0.6], abs=1e-5)
    assert people.confidence[0] == pytest.approx(1 / (1 + np.exp(-3)))


def test_keypoints_come_back_with_their_confidence() -> None:
    people = decode(planted((160, 320), [(32, 16, 112, 96)]), LETTERBOX, 0.5)
    expected = np.tile([0.1, 0.1, 1 / (1 + np.exp(-3))], (17, 1))
    assert people.keypoints[0] == pytest.approx(expected, abs=1e-5)


def test_nobody_is_a_fact_too() -> None:
    people = decode(planted((160, 320), []), LETTERBOX, 0.5)
    assert (people.confidence.shape, people.box.shape) == ((0,), (0, 4))
    assert people.keypoints.shape == (0, 17, 3)


def test_only_the_sure_count() -> None:
    unsure = planted((160, 320), [(32, 16, 112, 96)], logit=-0.1)
    assert len(decode(unsure, LETTERBOX, 0.5)) == 0
    assert len(decode(unsure, LETTERBOX, 0.4)) == 1


def test_of_boxes_that_overlap_the_surest_stays() -> None:
    places = planted((160, 320), [(32, 16, 112, 96), (200, 20, 260, 140)])
    second = planted((160, 320), [(36, 16, 128, 96)], logit=2.0)
    both = np.where(second[:, 64:65] > 0, second, places)
    assert len(decode(both, LETTERBOX, 0.5)) == 2
    assert (decode(both, LETTERBOX, 0.5).confidence > 0.9).all()


def test_people_come_surest_first() -> None:
    places = planted((160, 320), [(32, 16, 112, 96)], logit=1.0)
    surer = planted((160, 320), [(200, 20, 260, 140)], logit=2.0)
    people = decode(np.maximum(places, surer), LETTERBOX, 0.5)
    assert np.diff(people.confidence) < 0
