"""How near int8 comes to float32, in a line."""

import numpy as np
import pytest

from services.cli.int8 import Likeness


@pytest.mark.parametrize(
    ("cosines", "said"),
    [
        ([1.0, 0.99, 0.995], "3 windows: cosine to f32 0.9950 in the middle, 0.9900 at the worst"),
        ([0.9], "1 windows: cosine to f32 0.9000 in the middle, 0.9000 at the worst"),
    ],
)
def test_the_middle_and_the_worst_window_are_said(cosines: list[float], said: str) -> None:
    assert str(Likeness(np.array(cosines))) == said
