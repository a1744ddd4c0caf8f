"""What all commands share on the terminal: two consoles, and how a command gives up."""

from typing import NoReturn

import typer
from rich.console import Console

console = Console()
err = Console(stderr=True)


def give_up(sentence: object, code: int = 1) -> NoReturn:
    """Say in one line what is wrong, and end."""
    err.print(f"[bold red]nightclerk:[/] {sentence}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)
