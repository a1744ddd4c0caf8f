"""Commands whose modules are imported only when they are called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

LATER: Mapping[str, tuple[str, str]] = {
    "analyze": ("services.cli.analyze", "Score video files and say when something went wrong."),
    "demo": ("services.cli.demo", "Show it working: a scene, an alert, a mail, a webhook."),
    "bench": ("services.cli.bench", "Measure what this machine does, through the real services."),
}


class LazyGroup(TyperGroup):
    """For help it has the one-line stubs, to run a command it loads the real one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, stub, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and name in LATER else stub, rest


def add_stubs(app: typer.Typer) -> None:
    """Let the help of `app` list the commands of LATER."""
    for name, (_, tells) in LATER.items():
        app.command(name, help=tells)(lambda: None)


def load(name: str) -> Any:
    """The command `name`, from the function of that name in its module."""
    module, _ = LATER[name]
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(getattr(import_module(module), name))
    return typer.main.get_command(alone)
