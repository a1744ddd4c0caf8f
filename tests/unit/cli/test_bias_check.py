"""`nightclerk bias-check` prints every gate and fails when one does."""

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.bias_check import tell
from services.training.bias import Checked, Gate


def test_an_honest_head_exits_with_zero() -> None:
    result = CliRunner().invoke(app, ["bias-check", "--name", "linear", "--steps", "25"])
    assert result.exit_code == 0, result.output
    assert result.output.count("passed") == 4
    assert "knows only the position" in result.output


def test_an_unknown_head_is_said() -> None:
    result = CliRunner().invoke(app, ["bias-check", "--name", "nothing"])
    assert result.exit_code == 1
    assert "unknown head" in result.output


def test_a_gate_that_fails_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    gate = Gate("noise", "R²", 0.02, {"streaming": 0.01, "offline": 0.5})
    tell("mgfn", Checked((gate,), {"planted": 1.0}))
    told = capsys.readouterr().out
    assert "failed" in told
    assert "0.500" in told
