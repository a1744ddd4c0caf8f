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


def narrow(table: Table, columns: int) -> list[str]:
    file = Terminal()
    screen = Screen(
        file=file, _environ={"TERM": "xterm", "COLUMNS": str(columns)}, color_system=None
    )
    screen.print(table)
    return [line.rstrip() for line in file.getvalue().splitlines() if line.strip()]


def of_alerts(*rows: tuple[str, ...]) -> Table:
    table = Table("id", "when", "source", "what", "review", box=SIMPLE_HEAD)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row)
    return table


ID = "e71b851a-aeb7-527a-ba3b-b1ea8b24953e"
ROW = (ID, "2026-11-27T18:36:37", "the till of the store in Mill Lane", "Possible fight", "")


def test_a_table_that_would_be_cut_to_pieces_comes_as_blocks() -> None:
    lines = narrow(of_alerts(ROW, ROW), 60)
    text = "\n".join(lines)
    assert text.count(ID) == 2
    for cell in ROW[1:]:
        assert text.count(cell) >= 2
    assert "review" not in text
    assert max(map(len, lines)) <= 60


def test_one_that_has_room_stays_a_table() -> None:
    lines = narrow(of_alerts(ROW), 100)
    assert lines[0].split() == ["id", "when", "source", "what", "review"]


def test_an_empty_one_says_what_it_has_none_of() -> None:
    assert narrow(of_alerts(), 20) == ["id · when · source ·", "what · review: none"]
