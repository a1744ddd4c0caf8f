"""`nightclerk weights`: what it shows, and its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.__main__ import app

FILE = "vit_s_k710_dl_from_giant.pth"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTCLERK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A file of weights as it lies on a USB stick."""
    file = tmp_path / "stick" / FILE
    file.parent.mkdir()
    file.write_bytes(b"weights")
    return file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["weights", *arguments])


def test_every_file_is_listed_with_its_licence() -> None:
    rows = {row["file"]: row for row in json.loads(run("list", "--json").output)}
    assert rows["yolov8n-pose.pt"]["licence"] == "AGPL-3.0"
    assert rows[FILE]["here"] is False
    assert rows[FILE]["sha256"] == ""
    text = run("list").output
    assert all(name in text for name in rows)


def test_an_added_file_is_here_and_verified(stick: Path, cache: Path) -> None:
    added = run("add", str(stick))
    assert added.exit_code == 0
    assert "none is published; remembered" in added.output
    assert "licence" in added.output
    assert (cache / "videomae2_s_k710" / FILE).read_bytes() == b"weights"
    assert run("verify").exit_code == 0
    rows = {row["file"]: row for row in json.loads(run("list", "--json").output)}
    assert rows[FILE]["here"] is True


def test_a_file_that_changed_is_found(stick: Path, cache: Path) -> None:
    run("add", str(stick))
    (cache / "videomae2_s_k710" / FILE).write_bytes(b"weightz")
    result = run("verify")
    assert result.exit_code == 1
    assert "changed" in result.output


@pytest.mark.parametrize(
    ("backbone", "engine", "precision", "said"),
    [
        ("i3d_k400", "openvino", "int8", "OpenVINO in int8"),
        ("i3d_k400", "openvino", "f32", "OpenVINO in f32"),
        ("i3d_k400", "torch", "int8", "torch on cpu in f32"),
        ("videomae2_s_k710", "openvino", "bf16", "OpenVINO in bf16"),
    ],
)
def test_the_list_says_how_the_backbone_is_computed_here(
    backbone: str, engine: str, precision: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_BACKBONE", backbone)
    monkeypatch.setenv("NIGHTCLERK_ENGINE", engine)
    monkeypatch.setenv("NIGHTCLERK_PRECISION", precision)
    assert f"{backbone} is computed here by {said}" in run("list").output


def test_verify_with_nothing_here_says_so() -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert "no weights in" in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("pull", "resnet"), 1, "no model uses a file called resnet"),
        (("quantize", "resnet"), 1, "unknown backbone 'resnet'"),
        (("quantize", "videomae2_s_k710"), 1, "videomae2_s_k710 is not to be had in int8"),
        (("quantize", "--footage", "/nowhere"), 2, "does not exist"),
        (("add", __file__), 1, "no model uses a file called test_weights.py"),
        (("add", "/nowhere/x.pt"), 2, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], code: int, said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert said in " ".join(result.output.split())
