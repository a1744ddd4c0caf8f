"""What goes into a pipe has a line a row; a terminal, or COLUMNS, says how wide it is."""

import io

import pytest
from rich.box import SIMPLE_HEAD
from rich.table import Table

from services.cli.screen import OPEN_WIDTH, Screen

NAMES = ("a-replay-of-" + "many-stores-" * 12, "a detector of " + "several words " * 12)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(file: io.StringIO, **environment: str) -> list[str]:
    screen = Screen(file=file, _environ={"TERM": "xterm", **environment}, color_system=None)
    table = Table("run", "detector", box=SIMPLE_HEAD)
    table.add_row(*NAMES)
    screen.print(table)
    screen.print("It was judged again " * 12)
    return [line for line in file.getvalue().splitlines() if line.strip()]


def test_a_row_in_a_pipe_is_a_line_and_nothing_is_cut() -> None:
    _, rule, row, sentence = shown(io.StringIO())
    assert all(name.strip() in row for name in NAMES)
    assert len(rule) < OPEN_WIDTH / 10
    assert sentence.startswith("It was judged")


@pytest.mark.parametrize("file", [io.StringIO(), Terminal()])
def test_where_columns_are_asked_for_they_hold(file: io.StringIO) -> None:
    lines = shown(file, COLUMNS="60")
    assert max(map(len, lines)) == 60
    assert len(lines) > 4
