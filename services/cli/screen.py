"""What all commands share on the terminal: two consoles, and how a command gives up."""

import contextlib
import os
from typing import Any, NoReturn

import typer
from rich.console import Console, ConsoleDimensions
from rich.markup import escape

OPEN_WIDTH, OPEN_HEIGHT = 10_000, 25


class Screen(Console):
    """As wide as the terminal, or as COLUMNS says. What goes into a file or a pipe has no width:
    there a row is a line, and no name is cut.
    """

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        if self.file.isatty() or "COLUMNS" in self._environ:
            return super().size
        return ConsoleDimensions(OPEN_WIDTH, OPEN_HEIGHT)

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich's; a table that is too wide comes as blocks of lines."""
        super().print(*(self._fitting(each) for each in objects), **options)

    def _fitting(self, shown: Any) -> Any:
        from rich.table import Table

        from services.cli.stacked import fitting

        return fitting(self, shown) if isinstance(shown, Table) else shown


console = Screen()
err = Screen(stderr=True)

OF_KOREAN_WINDOWS = "cp949"


def give_up(sentence: object, code: int = 1) -> NoReturn:
    """Say in a line or a few what is wrong, and end."""
    text = escape(printable(str(sentence)))
    err.print(f"[bold red]nightclerk:[/] {text}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)


def printable(name: str) -> str:
    """A file name that can be shown and sent, whatever bytes it is made of.

    What is no UTF-8 is taken for the encoding of Korean Windows, which old exports and zip files
    come in; bytes that are neither are shown as `\\xe9`.
    """
    return "/".join(map(_decoded, os.fsencode(name).split(b"/")))


def _decoded(part: bytes) -> str:
    for encoding in ("utf-8", OF_KOREAN_WINDOWS):
        with contextlib.suppress(UnicodeDecodeError):
            return part.decode(encoding)
    return part.decode("utf-8", "backslashreplace")
