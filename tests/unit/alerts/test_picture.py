"""The strip along the foot of a snapshot."""

import numpy as np
import pytest
import simplejpeg

from services.alerts.picture import caption, snapshot
from tests.unit.alerts.room import alert


def test_the_caption_says_label_score_and_time() -> None:
    assert caption(alert()) == "fight   0.94   0:05"


@pytest.mark.parametrize("shape", [(180, 320), (1, 1), (7, 3000), (2000, 30), (1080, 1920)])
def test_a_picture_of_any_size_can_be_annotated(shape: tuple[int, int]) -> None:
    white = np.full((*shape, 3), 255, np.uint8)
    decoded = simplejpeg.decode_jpeg(snapshot(white, alert()))
    assert max(decoded.shape) <= 1280
    assert decoded[-1].mean() < 128
    assert (white == 255).all()
