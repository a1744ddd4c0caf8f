"""Checkpoints: what is written is read, what does not fit is refused, with the reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from services.scoring.calibration import Calibration
from services.scoring.cards import Card
from services.scoring.heads import CheckpointError, Head, MismatchError, load
from services.scoring.heads.checkpoint import CARD, WEIGHTS, build, fingerprint, pack, write

RULE = PersistenceRule(name="fight", label="Fight", high=0.8, low=0.5, k=2, n=4, m=2)
CALIBRATION = Calibration(raw=(-2.0, 0.0, 2.0), calibrated=(0.0, 0.4, 1.0))


def save(folder: Path, head: Any = "linear", dim: int = 4) -> torch.nn.Module:
    torch.manual_seed(0)
    network = build(head, dim, {}).eval()
    digest = fingerprint(pack(network))
    card = Card(
        head=head,
        weights_sha256=digest,
        backbone="i3d_k400",
        window=2,
        spec=ClipSpec(),
        dim=dim,
        calibration=CALIBRATION,
        rule=RULE,
    )
    write(folder, network, card)
    return network


@pytest.mark.parametrize("head", ["linear", "deep_mil"])
def test_what_is_written_is_read(tmp_path: Path, head: str) -> None:
    network = save(tmp_path, head)
    loaded = load(tmp_path)
    x_BD = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(x_BD)).numpy()
    found = loaded.judge([x_D[None] for x_D in x_BD])
    assert found == pytest.approx(expected.tolist(), abs=1e-6)
    assert loaded.name == head
    assert loaded.model_id.startswith(head)
    assert loaded.rule == RULE


@pytest.fixture
def head(tmp_path: Path) -> Head:
    save(tmp_path)
    return load(tmp_path)


FITTING = {"backbone": "i3d_k400", "window": 2, "spec": ClipSpec(), "dim": 4}


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"backbone": "videomae2_s_k710"}, "backbone i3d_k400"),
        ({"window": 1}, "window 2"),
        ({"spec": ClipSpec(frame_rate=8)}, "clip spec"),
        ({"dim": 400}, "dimensions 4"),
    ],
)
def test_embeddings_of_another_make_are_refused(
    head: Head, other: dict[str, Any], named: str
) -> None:
    head.check(**FITTING)
    with pytest.raises(MismatchError, match=named):
        head.check(**{**FITTING, **other})


@pytest.mark.parametrize("shape", [(4,), (2, 5), (1, 2, 4), (0, 4)])
def test_windows_of_another_shape_are_refused(head: Head, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \(T, 4\), T > 0"):
        head.judge([np.zeros(shape, np.float32)])


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_weights_and_card_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a")
    save(tmp_path / "b", "deep_mil")
    (tmp_path / "a" / WEIGHTS).write_bytes((tmp_path / "b" / WEIGHTS).read_bytes())
    with pytest.raises(CheckpointError, match="do not belong together"):
        load(tmp_path / "a")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"head": "oracle"},
        {"calibration": {"raw": [0, 1, 1], "calibrated": [0, 0.5, 1]}},
        {"calibration": {"raw": [0, 1], "calibrated": [0, 1.5]}},
        {"surprise": 1},
    ],
)
def test_a_card_that_is_not_understood_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    save(tmp_path)
    card = json.loads((tmp_path / CARD).read_text()) | change
    (tmp_path / CARD).write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match="no readable checkpoint"):
        load(tmp_path)
