"""Training sees exactly what the services see."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from services.cli.views import embedded, label
from services.features.backbones.base import Pixels, Vectors
from services.features.core import Layout, Received, fill, windows
from services.features.frames import clip_pixels
from services.ingest.clips import clips_of
from services.ingest.sources.sim import SimSpec, write_mp4
from services.training.default.augment import VIEWS
from services.training.default.corpus import Item


class Remembers:
    """A backbone that keeps what it was shown."""

    id, window, frames, size, dim, at_once = "remembers", 2, 32, 32, 3, 8

    def __init__(self) -> None:
        self.shown: list[Pixels] = []

    def embed(self, windows_BTHWC: Sequence[Pixels]) -> Vectors:
        self.shown.extend(windows_BTHWC)
        means: Vectors = np.stack(windows_BTHWC).mean(axis=(1, 2, 3), dtype=np.float32)
        return means


def test_training_embeds_the_windows_that_the_features_service_forms(tmp_path: Path) -> None:
    path = tmp_path / "scene.mp4"
    write_mp4(SimSpec(seed=1, seconds=5, width=128, height=96), path)
    received = (Received(clip, offset) for offset, clip in enumerate(clips_of(path)))
    expected = [
        fill(np.concatenate([clip_pixels(clip, 32) for clip in window.clips]), 32)
        for window in windows(received, Layout(2, 2))
    ]

    backbone = Remembers()
    item = Item("sim/1", path, "sim", "sim-1", incidents=((2.0, 4.5),))
    rows = list(embedded(item, backbone, ["plain"]))
    assert np.array_equal(np.stack(backbone.shown), np.stack(expected))
    assert [(row.index, row.frames) for row in rows] == [(0, 32), (1, 32), (2, 11)]


def test_a_view_changes_the_frames_before_windows_are_formed(tmp_path: Path) -> None:
    path = tmp_path / "scene.mp4"
    write_mp4(SimSpec(seed=1, seconds=5, width=128, height=96), path)
    backbone = Remembers()
    item = Item("shop/1", path, "shop", "shop-0")
    rows = list(embedded(item, backbone, ["plain", "shift", "flip"]))
    assert [row.frames for row in rows if row.view == "shift"] == [32, 32, 3]
    plain, shifted, flipped = (backbone.shown[at].astype(int) for at in (0, 3, 6))
    # A second JPEG costs a little, another moment or side of the shop much more.
    assert np.abs(plain[8:] - shifted[:24]).mean() < 1 < np.abs(plain - shifted).mean()
    assert np.abs(plain[:, :, ::-1] - flipped).mean() < 1 < np.abs(plain - flipped).mean()


@pytest.mark.parametrize(
    ("kind", "incidents", "view", "expected"),
    [
        ("fight", None, "plain", 1),
        ("theft", None, "plain", 1),
        ("fight", None, "still", 0),
        ("calm", None, "plain", 0),
        ("shop", None, "plain", 0),
        ("sim", (), "plain", 0),
        ("sim", ((2.0, 4.4),), "plain", 1),  # window 1 covers 2.13 to 4.27 s
        ("sim", ((4.0, 9.0),), "plain", -1),
        ("sim", ((5.0, 9.0),), "plain", 0),
        ("fall", ((4.0, 9.0),), "shift", 1),  # window 1 covers 2.67 to 4.8 s
    ],
)
def test_labels_of_the_second_window(
    kind: str, incidents: tuple[tuple[float, float], ...] | None, view: str, expected: int
) -> None:
    assert label(Item("x", Path("x"), kind, "g", incidents), VIEWS[view], index=1) == expected
