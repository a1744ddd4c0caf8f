"""Every view keeps frames usable, is seeded, and does what its name says."""

import numpy as np
import pytest

from services.training.default.augment import VIEWS, Frames


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


def test_flip_and_shift() -> None:
    given = frames()
    assert np.array_equal(view("flip", given)[3], given[3][:, ::-1])
    assert np.array_equal(view("shift", given)[0], given[8])
    assert VIEWS["shift"].starts_at == 8


def test_videos_too_short_to_shift_give_nothing() -> None:
    assert view("shift", frames(20)) == []


def test_nothing_moves_in_a_still_view_but_the_grain() -> None:
    made = np.stack(view("still", frames())).astype(float)
    assert VIEWS["still"].is_still
    assert made.std(axis=0).mean() < 9 < np.stack(frames()).astype(float).std(axis=0).mean()


def test_a_night_camera_sees_no_colour() -> None:
    picture = view("infrared", frames())[0].astype(int)
    assert np.abs(picture[..., 0] - picture[..., 2]).max() <= 1
