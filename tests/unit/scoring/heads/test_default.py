"""The heads that come with the product: whole, small, and made for the default backbone."""

import numpy as np
import pytest

from schemas.clips import ClipSpec
from services.features.backbones.i3d_k400 import runtime
from services.rules.folders import DEFAULT
from services.scoring.heads import Head
from services.scoring.judging.detector import assemble

HEADS = assemble().heads
CARD = (DEFAULT / "MODEL_CARD.md").read_text()
each_head = pytest.mark.parametrize("head", HEADS, ids=lambda head: head.rule.name)


def test_there_is_one_for_fights_one_for_falls_and_one_for_thefts() -> None:
    labels = ["Possible fall", "Possible fight", "Possible theft"]
    assert [head.rule.label for head in HEADS] == labels
    assert [head.rule.name for head in HEADS] == [path.name for path in sorted(DEFAULT.glob("*/"))]


def test_they_fit_the_default_backbone_and_clip_spec() -> None:
    for head in HEADS:
        head.check(runtime.ID, runtime.WINDOW, ClipSpec(), runtime.DIM)


@each_head
def test_they_are_small_and_the_card_names_them(head: Head) -> None:
    folder = DEFAULT / head.rule.name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 100_000
    assert head.model_id in CARD


def test_the_card_says_what_is_not_to_be_overlooked() -> None:
    assert "Simulated scenes **were in training**" in CARD
    assert "states none" in CARD


@each_head
def test_the_card_tells_the_numbers_that_were_measured(head: Head) -> None:
    auc = head.card.metrics["held_out"]["auc"]
    assert f"{auc:.3f}".lstrip("0") in CARD


def test_the_fight_head_is_no_worse_than_it_was() -> None:
    (fight,) = [head for head in HEADS if head.rule.name == "fight"]
    assert fight.card.metrics["held_out"]["auc"] > 0.93
    assert fight.card.metrics["alarms"]["quiet"]["alerts"] == 0


@each_head
def test_their_marks_lie_inside_what_they_can_give(head: Head) -> None:
    vectors = np.random.default_rng(0).normal(size=(64, 1024)).astype(np.float32)
    low, high = head.card.calibration.raw[0], head.card.calibration.raw[-1]
    raw = np.array(head.judge([vector_D[None] for vector_D in vectors]))
    assert ((low < raw) & (raw < high)).all()
    for mark in (head.rule.low, head.rule.high, head.rule.alone):
        assert mark is not None
        assert low < head.card.calibration.invert(mark) < high
