"""The head that comes with the product: whole, small, and made for the default backbone."""

import numpy as np

from schemas.clips import ClipSpec
from services.features.backbones.i3d_k400 import runtime
from services.scoring.heads import DEFAULT, load


def test_it_fits_the_default_backbone_and_clip_spec() -> None:
    load().check(runtime.ID, runtime.WINDOW, ClipSpec(), runtime.DIM)


def test_it_is_small_and_says_what_it_is() -> None:
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) < 5_000_000
    text = (DEFAULT / "MODEL_CARD.md").read_text()
    assert "Simulated scenes **were in training**" in text
    assert "states none" in text
    assert load().card.metrics["held_out"][load().name]["auc"] > 0.918


def test_its_marks_lie_inside_what_it_can_give() -> None:
    head = load()
    vectors = np.random.default_rng(0).normal(size=(64, 1024)).astype(np.float32)
    low, high = head.card.calibration.raw[0], head.card.calibration.raw[-1]
    raw = np.array([head.score_latest(vector_D[None]) for vector_D in vectors])
    assert ((low < raw) & (raw < high)).all()
    assert low < head.card.calibration.invert(head.rule.low) < high
    assert low < head.card.calibration.invert(head.rule.high) < high
