"""A table on a terminal that is too narrow for it: a row is a block of lines, a cell a line."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Column, Table

READABLE = 10
"""So many characters of a cell that wraps have to stand side by side."""


def fitting(console: Console, table: Table) -> RenderableType:
    """The table, or its rows as blocks where cells would be cut to a few characters."""
    return table if _needed(console, table) <= console.width else stacked(table)


def stacked(table: Table) -> Group:
    """A block a row, named by its first cell; empty cells are left out."""
    if not table.row_count:
        return Group(" · ".join(str(column.header) for column in table.columns) + ": none")
    return Group(*(block for number in range(table.row_count) for block in _block(table, number)))


def _block(table: Table, number: int) -> Iterator[RenderableType]:
    cells = [list(column.cells)[number] for column in table.columns]
    fields = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    fields.add_column(style="dim", no_wrap=True)
    fields.add_column(overflow="fold")
    for column, cell in zip(table.columns[1:], cells[1:], strict=True):
        if cell:
            fields.add_row(f"  {column.header}", cell)
    yield cells[0]
    yield fields


def _needed(console: Console, table: Table) -> int:
    """The width at which no cell is cut, and each has READABLE characters to wrap in."""
    return sum(_width(console, column) for column in table.columns)


def _width(console: Console, column: Column) -> int:
    options = console.options.update(width=10_000)
    natural = max(
        (
            Measurement.get(console, options, cell).maximum
            for cell in (column.header, *column.cells)
        ),
        default=0,
    )
    return 2 + (natural if column.no_wrap else min(natural, READABLE))
