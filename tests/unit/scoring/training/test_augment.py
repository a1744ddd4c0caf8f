"""Every view keeps frames usable, is seeded, and does what its name says."""

import numpy as np
import pytest

from services.scoring.training.augment import VIEWS, Frames


def frames(count: int = 50) -> Frames:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (60, 80, 3), dtype=np.uint8) for _ in range(count)]


def view(name: str, given: Frames, seed: int = 1) -> Frames:
    return VIEWS[name].change(given, np.random.default_rng(seed))


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_seeded_and_give_pictures(name: str) -> None:
    first, again = view(name, frames()), view(name, frames())
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(frame.dtype == np.uint8 and frame.ndim == 3 for frame in first)
    assert all(min(frame.shape[:2]) >= 30 for frame in first)


def test_flip_reverse_and_shift() -> None:
    given = frames()
    assert np.array_equal(view("flip", given)[3], given[3][:, ::-1])
    assert np.array_equal(view("reverse", given)[0], given[-1])
    assert np.array_equal(view("shift", given)[0], given[8])
    assert np.array_equal(view("shift_flip", given)[0], given[16][:, ::-1])


def test_videos_too_short_to_shift_give_nothing() -> None:
    assert view("shift", frames(20)) == []
    assert view("shift_flip", frames(32)) == []
