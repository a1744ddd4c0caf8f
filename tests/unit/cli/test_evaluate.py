"""`nightclerk evaluate` leaves a page that stands by itself, and judges on unseen videos."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from tests.unit.training.planted import videos, write_features, write_labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features, labels and a head that was trained on them."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_features(folder / "f", videos(48))
    write_labels(folder / "l.csv", videos(48))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "disabled")
        assert command(folder, "train", "--head", "linear", "--steps", "100")[0] == 0
    return folder


def command(folder: Path, name: str, *more: str) -> tuple[int, str]:
    material = ["--features", str(folder / "f"), "--labels", str(folder / "l.csv")]
    result = CliRunner().invoke(app, [name, *material, "--out", str(folder / name), *more])
    return result.exit_code, result.output


def test_the_report_is_one_page_with_everything_in_it(folder: Path) -> None:
    code, output = command(folder, "evaluate", "--head", str(folder / "train"))
    assert code == 0, output
    assert "videos are left out" in output
    told = json.loads((folder / "evaluate" / "metrics.json").read_text())
    assert told["streaming"]["frame_auc"] > 0.95
    # A head that sees each window by itself says the same either way.
    assert told["streaming"] == told["offline"]
    assert told["data"]["videos"] < 48
    page = (folder / "evaluate" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert f"{told['streaming']['frame_auc']:.3f}" in page
    for picture in ("roc.png", "histogram.png", "scores.png"):
        assert (folder / "evaluate" / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--head", "absent"], "no readable checkpoint"), (["--labels", "absent.csv"], "be read")],
)
def test_what_cannot_work_is_one_sentence(more: list[str], said: str, folder: Path) -> None:
    head = [] if "--head" in more else ["--head", str(folder / "train")]
    code, output = command(folder, "evaluate", *head, *more)
    assert code == 1
    assert said in output


def test_features_of_another_backbone_are_refused(folder: Path, tmp_path: Path) -> None:
    card = json.loads((folder / "train" / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**card, "backbone": "videomae2_s_k710"}))
    weights = (folder / "train" / "weights.safetensors").read_bytes()
    (tmp_path / "weights.safetensors").write_bytes(weights)
    code, output = command(folder, "evaluate", "--head", str(tmp_path))
    assert code == 1
    assert "videomae2_s_k710" in output
