"""Which stack a command is about: the one named, the one here, else the one that runs."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.home import local_settings, running_settings
from services.local import LocalRuntimeError
from services.local.running import homes, neighbours, noted
from services.local.state import RunRecord, start_time, write_run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and notes of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "notes"))
    monkeypatch.setenv("NIGHTCLERK_HOME", "")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def running(home: Path, pid: int | None = None) -> Path:
    """A state folder whose supervisor is this very process, or another one that lives."""
    home.mkdir(parents=True, exist_ok=True)
    address = {"kafka": "127.0.0.1:1", "s3": "http://127.0.0.1:1", "api": "http://127.0.0.1:1"}
    pid = pid or os.getpid()
    began = start_time(pid)
    assert began
    write_run(home, RunRecord(pid, began, "ready", "", (), address))
    return home


def test_a_stack_that_runs_elsewhere_is_found_from_any_folder(tmp_path: Path) -> None:
    home = running(tmp_path / "shop")
    with noted(home):
        assert running_settings(None).state == home
    assert homes() == ()
    assert running_settings(None).state == tmp_path / "here" / ".nightclerk"


def test_a_second_stack_that_gives_up_leaves_the_note_of_the_first(tmp_path: Path) -> None:
    home = running(tmp_path / "shop", pid=os.getppid())
    with noted(home), noted(home):
        assert str(home) in neighbours(tmp_path)
        assert neighbours(home) == ""
    assert homes() == (home,)


def test_the_one_here_goes_before_others_and_a_named_one_before_all(
    tmp_path: Path, elsewhere: Path
) -> None:
    with noted(running(tmp_path / "shop")):
        here = running(elsewhere / ".nightclerk")
        assert running_settings(None).state == here
        assert running_settings(tmp_path / "named").state == tmp_path / "named"


def test_of_several_none_is_guessed(tmp_path: Path) -> None:
    shops = [running(tmp_path / name) for name in ("one", "other")]
    with noted(shops[0]), noted(shops[1]):
        with pytest.raises(LocalRuntimeError, match="choose one with --home"):
            running_settings(None)
        assert running_settings(shops[1]).state == shops[1]


def test_a_note_whose_stack_died_counts_for_nothing(tmp_path: Path) -> None:
    home = tmp_path / "shop"
    home.mkdir()
    write_run(home, RunRecord(2**22 + 1, 1.0, "ready", "", (), {}))
    with noted(home):
        assert homes() == ()


@pytest.mark.parametrize("command", ["up", "analyze", "demo"])
def test_a_folder_that_cannot_be_used_is_named(command: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    file.write_bytes(b"not empty")
    files = [str(file)] if command == "analyze" else []
    result = CliRunner().invoke(app, [command, "--home", str(file / "state"), *files])
    assert result.exit_code == 1
    assert f"{file}/state (NIGHTCLERK_HOME, --home) cannot be used" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_children_are_told_of_the_home_that_was_named(tmp_path: Path) -> None:
    assert local_settings(tmp_path / "shop").state == tmp_path / "shop"
    assert os.environ["NIGHTCLERK_HOME"] == str(tmp_path / "shop")
