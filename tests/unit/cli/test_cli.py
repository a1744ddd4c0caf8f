"""The command line answers at once and tells the truth in its exit code."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.status import format_uptime

COMMANDS = ("up", "down", "status", "topics", "ingest", "features", "scoring", "alerts", "api")


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    program = (
        "import sys; from services.cli.__main__ import app\n"
        "heavy = {'torch', 'numpy', 'confluent_kafka', 'sqlalchemy', 'pydantic', 'av', 'fastapi'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
    text = CliRunner().invoke(app, ["--help"]).output
    assert all(command in text for command in COMMANDS)


def test_help_takes_less_than_half_a_second_of_work() -> None:
    """Of processor time, since a busy machine says nothing about us."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "services.cli", "--help"], capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(once() for _ in range(3)) < 0.5


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
