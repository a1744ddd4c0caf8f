"""Which parts are hidden when, and that nothing brings them back."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.chassis.media.hiding import CELLS, WHOLE, hide
from services.rules.hidden import HELD_S, UNSEEN_S, Heads, Look

HEAD = (0.25, 0.25, 0.5, 0.5)
LOOKS = [Look(n / 7.5, (HEAD,) if 20 <= n < 30 else ()) for n in range(100)]


def noise(height: int = 180, width: int = 320) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("at_s", "hidden"),
    [
        (20 / 7.5 - HELD_S - 0.1, False),
        (20 / 7.5 - HELD_S + 0.1, True),
        (25 / 7.5, True),
        (29 / 7.5 + HELD_S - 0.1, True),
        (29 / 7.5 + HELD_S + 0.1, False),
    ],
)
def test_a_head_is_hidden_before_and_after_it_is_seen(at_s: float, hidden: bool) -> None:
    assert (HEAD in Heads(LOOKS).hidden(at_s)) is hidden


@given(missed=some.sets(some.integers(21, 28), max_size=5), at_s=some.floats(20 / 7.5, 29 / 7.5))
def test_frames_in_which_it_is_missed_show_nothing(missed: set[int], at_s: float) -> None:
    looks = [Look(look.at_s, ()) if n in missed else look for n, look in enumerate(LOOKS)]
    assert HEAD in Heads(looks).hidden(at_s)


@given(at_s=some.floats(0, 1000))
def test_where_nobody_looked_all_is_hidden(at_s: float) -> None:
    parts = Heads(LOOKS).hidden(at_s)
    nearest = min(abs(at_s - look.at_s) for look in LOOKS)
    assert (parts == (WHOLE,)) is (nearest > UNSEEN_S)
    assert Heads(()).hidden(at_s) == (WHOLE,)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"frames": [{}], "starts_at_s": 0}'])
def test_what_cannot_be_read_hides_all(content: bytes) -> None:
    assert Heads.read(content).hidden(1.0) == (WHOLE,)
    looks = {"starts_at_s": 4.0, "frames": [{"at_s": 1.0, "heads": [HEAD]}]}
    assert Heads.read(json.dumps(looks).encode()).hidden(1.0) == (HEAD,)


def test_only_the_part_is_changed_and_it_keeps_no_detail() -> None:
    picture = noise()
    hidden = hide(picture, [HEAD])
    part = hidden[45:90, 80:160].astype(float)
    assert np.array_equal(picture[:45], hidden[:45])
    assert np.array_equal(picture[:, :80], hidden[:, :80])
    assert np.array_equal(noise(), picture)
    assert part.std() < picture[45:90, 80:160].astype(float).std() / 4


def test_faces_with_the_same_averages_come_out_the_same() -> None:
    """What is left are so few numbers that many faces give them: nothing tells which it was."""
    picture = noise(192, 192)
    cells = cv2.resize(picture, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    other = cv2.resize(cells, (192, 192), interpolation=cv2.INTER_NEAREST)
    part = (0.0, 0.0, 1.0, 0.999999)
    difference = hide(picture, [part]).astype(int) - hide(other, [part]).astype(int)
    assert abs(difference).max() <= 2


@given(
    part=some.tuples(*(some.floats(-0.5, 1.5),) * 4),
    size=some.tuples(some.integers(1, 40), some.integers(1, 40)),
)
def test_any_part_of_any_picture(
    part: tuple[float, float, float, float], size: tuple[int, int]
) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    assert hide(picture, [part]).shape == picture.shape
