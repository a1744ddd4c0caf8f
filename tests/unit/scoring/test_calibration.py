"""Laws of the calibration: strictly increasing, in [0, 1], and meaning what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.calibration import RARE, Calibration, beyond, calibrated_at, fit

RAW = st.floats(-5, 5, width=32)


def normals(seed: int = 0, count: int = 2000) -> np.ndarray:
    return np.random.default_rng(seed).normal(-1, 0.5, count).astype(np.float32)


FITTED = fit(normals(), lowest=-6, highest=6)


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


@pytest.mark.parametrize("share", RARE)
def test_what_is_too_rare_to_be_measured_follows_the_tail(share: float) -> None:
    rng = np.random.default_rng(0)
    few, many = (rng.exponential(size=count).astype(np.float32) for count in (1000, 1_000_000))
    mark = fit(few, lowest=-1, highest=99).invert(RARE[share])
    assert mark == pytest.approx(beyond(few, share))
    assert mark == pytest.approx(np.quantile(many, 1 - share), rel=0.1)


def test_normals_that_are_all_alike_leave_knots_out() -> None:
    flat = fit(np.zeros(50, np.float32), lowest=-1, highest=1)
    assert (flat.apply(-1), flat.apply(1)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("raw", "calibrated"),
    [((0, 0), (0, 1)), ((0, 1), (1, 0)), ((0, 1, 2), (0, 1)), ((0,), (0,)), ((0, 1), (-0.1, 1))],
)
def test_knots_that_do_not_increase_are_refused(
    raw: tuple[float, ...], calibrated: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Calibration(raw=raw, calibrated=calibrated)
