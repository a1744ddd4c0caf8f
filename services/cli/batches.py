"""The same done to each of several things that a command names: one way for all commands."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import httpx
import typer
from rich.markup import escape

from services.cli.screen import console, err

SOME_FAILED = 2
Name = TypeVar("Name")


def for_each(
    names: Sequence[Name],
    done: str,
    deed: Callable[[Name], object],
    passed_over: Collection[int] = (),
) -> None:
    """A line for each thing it was done to, and how many of several those were. What is answered
    by one of the statuses `passed_over` gets a sentence of its own, the rest goes on, and the
    command ends with 2. Raises HTTPStatusError for any other refusal, at once.
    """
    count = 0
    for name in names:
        try:
            deed(name)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in passed_over:
                raise
            err.print(f"{name}: {escape(error.response.json()['detail'])}", highlight=False)
            continue
        count += 1
        console.print(f"[green]{done}[/] {name}", soft_wrap=True, highlight=False)
    if len(names) > 1:
        console.print(f"[green]{done}[/] {count} of {len(names)}", highlight=False)
    if count < len(names):
        raise typer.Exit(SOME_FAILED)
