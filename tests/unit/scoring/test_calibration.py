"""Laws of the calibration: strictly increasing, in [0, 1], and meaning what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.calibration import FIGHTS, Calibration, calibrated_at, fit

RAW = st.floats(-5, 5, width=32)


def normals(seed: int = 0, count: int = 2000) -> np.ndarray:
    return np.random.default_rng(seed).normal(-1, 0.5, count).astype(np.float32)


FITTED = fit(normals(), np.linspace(0.5, 2.5, 51, dtype=np.float32), lowest=-6, highest=6)


@given(a=RAW, b=RAW)
def test_it_keeps_every_order(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= FITTED.apply(low) <= FITTED.apply(high) <= 1
    if high - low > 1e-3:
        assert FITTED.apply(low) < FITTED.apply(high)


@given(raw=RAW)
def test_it_can_be_turned_round(raw: float) -> None:
    assert FITTED.invert(FITTED.apply(raw)) == pytest.approx(raw, abs=1e-4)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_a_calibrated_score_says_how_rare_it_is_among_normals(share: float) -> None:
    calibrated = [FITTED.apply(float(raw)) for raw in normals()]
    reached = np.mean(np.array(calibrated) >= calibrated_at(share))
    assert reached == pytest.approx(share, rel=0.1)
    assert FITTED.apply(1.5) == pytest.approx(FIGHTS[0.5])


def test_fights_inside_the_normals_leave_their_knot_out() -> None:
    blind = fit(normals(), normals(1, 50), lowest=-6, highest=6)
    assert FIGHTS[0.5] not in blind.calibrated


@pytest.mark.parametrize(
    ("raw", "calibrated"),
    [((0, 0), (0, 1)), ((0, 1), (1, 0)), ((0, 1, 2), (0, 1)), ((0,), (0,)), ((0, 1), (-0.1, 1))],
)
def test_knots_that_do_not_increase_are_refused(
    raw: tuple[float, ...], calibrated: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Calibration(raw=raw, calibrated=calibrated)
