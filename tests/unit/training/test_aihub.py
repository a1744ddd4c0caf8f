"""AI-Hub's poses come in as tracks, and the autoencoder finds what is unlike the normal."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.scoring.heads.lstm_ae import Config
from services.training.aihub import fit, hands, judge, latest, scores
from services.training.datasets.aihub_poses import Track, read


@pytest.fixture
def poses(tmp_path: Path) -> Path:
    """Two tracks of three and two frames; in the second a theft, and a keypoint unseen."""
    rng = np.random.default_rng(0)
    confidence = np.full((5, 17), 255, np.uint8)
    confidence[3, 9] = 0
    path = tmp_path / "poses.npz"
    np.savez(
        path,
        names=np.array(["a#7", "b#1"]),
        split=np.array(["train", "test"]),
        length=np.array([3, 2]),
        xy_tenths=rng.integers(5000, 9000, (5, 17, 2)).astype(np.int16),
        confidence_255=confidence,
        frames=np.array([4, 5, 6, 0, 1], np.int32),
        gt=np.array([0, 0, 0, 0, 1], np.int8),
    )
    return path


def test_tracks_are_read_one_after_another(poses: Path) -> None:
    first, second = read(poses)
    assert (first.video, first.is_test, second.video, second.is_test) == ("a", False, "b", True)
    assert first.frames.tolist() == [4, 5, 6]
    assert second.theft.tolist() == [False, True]
    assert first.numbers_TD.shape == (3, 38)
    assert (first.numbers_TD >= 0).all()
    assert (first.numbers_TD <= 1).all()
    assert np.isnan(second.pixels_T172[0, 9]).all()
    assert second.numbers_TD[0, 4 + 18 : 4 + 20].tolist() == [0.5, 0.5]


def walk(seed: int, jerky: bool = False, frames: int = 60) -> Track:
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 6) + np.arange(frames)[:, None] * 0.3 + np.arange(38)
    numbers = 0.5 + 0.3 * np.sin(phase) + jerky * rng.normal(0, 0.3, (frames, 38))
    theft = np.arange(frames) >= (frames // 2 if jerky else frames)
    pixels = np.zeros((frames, 17, 2), np.float32)
    return Track(f"v{seed}", jerky, numbers.astype(np.float32), pixels, np.arange(frames), theft)


def test_what_moves_unlike_the_normal_scores_higher_and_the_same_every_time() -> None:
    normal = [walk(seed) for seed in range(40)]
    test = [walk(100), walk(101, jerky=True)]
    first, again = ([scores(fit(normal, 4, 0, Config()), one) for one in test] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert judge(test, first)["frames of people"] > 0.7


def test_a_hand_is_fast_against_the_body_and_not_with_it() -> None:
    body = np.zeros((3, 17, 2), np.float32)
    body[:, 11:13, 1] = 100
    body[1:, :, 0] += 30  # all of it steps aside
    body[2, 9, 0] += 50
    still = walk(0, frames=3)
    assert hands(replace(still, pixels_T172=body)).tolist() == [0, 0, 0.5]
    body[2, 9] = np.nan
    assert hands(replace(still, pixels_T172=body)).tolist() == [0, 0, 0]


def test_a_score_is_averaged_with_those_before_it() -> None:
    assert latest(np.array([1.0, 3.0, 5.0, 1.0]), 2).tolist() == [1.0, 2.0, 4.0, 3.0]
