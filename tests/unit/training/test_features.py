"""Feature files: what is written comes back, layouts of others are recognised or refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from schemas.clips import ClipSpec
from services.training.features import FeatureError, Features, read, read_folder, save
from services.training.features.foreign import crops


def features(video: str = "a.mp4", windows: int = 3, dim: int = 4) -> Features:
    x_TD = np.random.default_rng(windows).normal(size=(windows, dim)).astype(np.float32)
    start_s_T = np.arange(windows) * 2.0
    return Features(video, x_TD[None], start_s_T, start_s_T + 2, "i3d_k400", 2, ClipSpec())


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    written = features()
    save(tmp_path / "deep" / "a.npz", written)
    back = read(tmp_path / "deep" / "a.npz")
    assert back.vectors.tolist() == written.vectors.tolist()
    assert back.made_by == written.made_by
    assert back.digest == written.digest
    assert back.duration_s == 6.0


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((7, 4), None, (1, 7, 4)),
        ((7, 10, 4), None, (10, 7, 4)),
        ((10, 7, 4), None, (10, 7, 4)),
        ((1, 10, 4), None, (10, 1, 4)),
        ((10, 10, 4), "TCD", (10, 10, 4)),
        ((5, 7, 4), "CTD", (5, 7, 4)),
    ],
)
def test_crops_come_first(shape: tuple[int, ...], axes: str, expected: tuple[int, ...]) -> None:
    assert crops(np.zeros(shape), axes).shape == expected


def test_windows_and_crops_keep_their_places() -> None:
    array_TCD = np.arange(3 * 10 * 2).reshape(3, 10, 2)
    assert crops(array_TCD)[4, 1].tolist() == array_TCD[1, 4].tolist()


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((10, 10, 4), "both axes"),
        ((7, 5, 4), "no axis has ten"),
        ((4,), "expected"),
        ((1, 2, 10, 4), "expected"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(
    shape: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "odd.npy", np.zeros(shape, np.float32))
    with pytest.raises(FeatureError, match=rf"odd\.npy.*{said}"):
        read_folder(tmp_path)


def test_arrays_of_others_have_the_times_their_folder_says(tmp_path: Path) -> None:
    np.save(tmp_path / "Abuse001.npy", np.zeros((3, 10, 4), np.float32))
    (one,) = read_folder(tmp_path)
    assert one.end_s.tolist() == pytest.approx([16 / 30, 32 / 30, 48 / 30])
    spec = {"frames": 16, "frame_rate": 24, "hop": 16}
    (tmp_path / "features.json").write_text(json.dumps({"backbone": "i3d", "spec": spec}))
    (one,) = read_folder(tmp_path)
    assert (one.backbone, one.end_s[0]) == ("i3d", pytest.approx(16 / 24))


def test_a_file_a_crop_makes_one_video(tmp_path: Path) -> None:
    for crop in range(5):
        name = f"v=abc__#1_label_B1-0-0__{crop}.npy"
        np.save(tmp_path / name, np.full((6, 4), crop, np.float32))
    (one,) = read_folder(tmp_path)
    assert one.video == "v=abc__#1_label_B1-0-0"
    assert one.vectors[:, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_one_head_reads_one_kind(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", features("a.mp4"))
    save(tmp_path / "b.npz", features("b.mp4", dim=5))
    with pytest.raises(FeatureError, match=r"b\.mp4 .*dimension 5.*a\.mp4 .*dimension 4"):
        read_folder(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(FeatureError, match=r"bad\.npz"):
        read_folder(tmp_path)


def test_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    broken = replace(features(), vectors=np.full((1, 3, 4), np.nan, np.float32))
    save(tmp_path / "a.npz", broken)
    with pytest.raises(FeatureError, match="not finite"):
        read(tmp_path / "a.npz")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="no feature files"):
        read_folder(tmp_path)
