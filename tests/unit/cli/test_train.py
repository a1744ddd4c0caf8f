"""`nightclerk train` says what it did, and in one sentence why it could not."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.train import overrides
from tests.unit.training.planted import planted, videos, write_features, write_labels


@pytest.fixture(autouse=True)
def without_wandb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")


def train(folder: Path, *more: str, head: str = "linear") -> tuple[int, str]:
    options = ["--head", head, "--features", str(folder / "f"), "--labels", str(folder / "l.csv")]
    result = CliRunner().invoke(
        app, ["train", *options, "--out", str(folder / "out"), "--steps", "50", *more]
    )
    return result.exit_code, result.output


def test_one_command_trains_a_head(tmp_path: Path) -> None:
    write_features(tmp_path / "f", videos(36))
    write_labels(tmp_path / "l.csv", videos(36))
    code, output = train(tmp_path, "--set", "lr=0.02", "--seed", "3")
    assert code == 0, output
    assert "frame AUC" in output
    card = json.loads((tmp_path / "out" / "model.json").read_text())
    assert card["config"]["lr"] == 0.02
    assert card["spec"] == {"frames": 16, "frame_rate": 15.0, "hop": 16}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--set", "speed=1"], "speed"),
        (["--labels", "absent.csv"], "cannot be read"),
        (["--features", "absent"], "no folder of features"),
        (["--test-share", "0.8"], "nothing for training"),
    ],
)
def test_what_cannot_work_is_one_sentence(more: list[str], said: str, tmp_path: Path) -> None:
    write_features(tmp_path / "f", videos(12))
    write_labels(tmp_path / "l.csv", videos(12))
    code, output = train(tmp_path, *more)
    assert code == 1
    assert said in output


def test_an_unknown_head_is_told_which_there_are(tmp_path: Path) -> None:
    code, output = train(tmp_path, head="nothing")
    assert code == 1
    assert "deep_mil" in output


def test_too_few_sources_are_said(tmp_path: Path) -> None:
    few = [planted(0, None), planted(1, (2, 5))]
    write_features(tmp_path / "f", few)
    write_labels(tmp_path / "l.csv", few)
    code, output = train(tmp_path)
    assert code == 1
    assert "too few" in output


def test_settings_are_numbers_or_words() -> None:
    assert overrides(["lr=1e-3", "variant=ekosman", "depth=2"]) == {
        "lr": 0.001,
        "variant": "ekosman",
        "depth": 2,
    }
    with pytest.raises(typer.BadParameter):
        overrides(["lr"])
