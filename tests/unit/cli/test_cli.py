"""The command line answers at once and tells the truth in its exit code."""

import errno
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.lazy import LazyGroup
from services.cli.screen import printable
from services.cli.status import format_uptime

COMMANDS = ("up", "status", "topics", "videos", "ingest", "judging", "episodes", "alerts", "api")


MAY_LOAD = {
    # typer, and what its help is drawn with
    *("typer", "annotated_doc", "shellingham", "rich", "markdown_it", "mdurl", "pygments", "attr"),
    "services",
}
"""All that help may import beside the standard library: each of these loads in milliseconds."""


def test_help_imports_what_it_is_drawn_with_and_nothing_else() -> None:
    """Help comes at once because it loads little; how long that takes is the machine's affair."""
    program = (
        "import sys; installed = set(sys.modules)\n"
        "from services.cli.__main__ import main\n"
        "sys.argv = ['nightclerk', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "found = {name.split('.')[0] for name in set(sys.modules) - installed}\n"
        "print(*sorted(found - set(sys.stdlib_module_names)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert set(done.stderr.split()) <= MAY_LOAD
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [(["status"], 1, "nothing runs in"), (["down"], 0, "nothing runs in")],
)
def test_without_a_stack(
    command: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_HOME", str(tmp_path))
    result = CliRunner().invoke(app, command)
    assert result.exit_code == code
    assert said in result.output


def test_the_version_is_that_of_the_distribution() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"nightclerk {version('nightclerk')}\n")


COMMANDS_AND_ARGUMENTS = {
    "up": [],
    "down": [],
    "status": [],
    "analyze": ["a.mp4"],
    "demo": [],
    "topics list": [],
    "topics apply": [],
    "weights list": [],
    "extract": ["."],
    "ingest": [],
    "features": [],
    "alerts": [],
    "api": [],
}


@pytest.mark.parametrize("command", COMMANDS_AND_ARGUMENTS)
def test_a_misspelled_setting_is_one_sentence_whatever_the_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTCLERK_BACKBON", "i3d_k400")
    (tmp_path / "a.mp4").write_bytes(b"video")
    monkeypatch.chdir(tmp_path)
    arguments = [*command.split(), *COMMANDS_AND_ARGUMENTS[command]]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "did you mean NIGHTCLERK_BACKBONE?" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"night.mp4", "night.mp4"),
        ("매장.mp4".encode(), "매장.mp4"),
        ("매장.mp4".encode("cp949"), "매장.mp4"),
        ("매장/".encode() + "매장.mp4".encode("cp949"), "매장/매장.mp4"),
        (b"caf\xe9.mp4", "caf\\xe9.mp4"),
    ],
)
def test_any_file_name_can_be_shown(raw: bytes, shown: str) -> None:
    assert printable(os.fsdecode(raw)) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (42, "42 s"),
        (185, "3:05 min"),
        (7620, "2:07 h"),
        (3 * 86400 + 4 * 3600, "3 d 04 h"),
    ],
)
def test_an_uptime_is_short(seconds: float | None, text: str) -> None:
    assert format_uptime(seconds) == text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "a.csv"), "a.csv: Permission denied"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(error: OSError, said: str) -> None:
    def refused() -> None:
        raise error

    refusing = typer.Typer(cls=LazyGroup, pretty_exceptions_enable=False)
    refusing.command("refused")(refused)
    refusing.command("other")(lambda: None)
    result = CliRunner().invoke(refusing, ["refused"], catch_exceptions=False)
    assert result.exit_code == 1
    assert said in result.stderr
