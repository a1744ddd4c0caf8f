"""The command line answers at once and tells the truth in its exit code."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.status import format_uptime

COMMANDS = ("up", "down", "status", "topics", "ingest", "features", "scoring", "alerts", "api")


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
