"""Commands whose modules are imported only when they are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from services.cli.screen import give_up

USE, MODELS = "Commands", "Models"
"""Panels of the help, beside the services."""
OURS = ("services", "schemas")


@dataclass(frozen=True)
class Later:
    """A command that is not loaded yet; `extra` is the part of the distribution it needs."""

    module: str
    tells: str
    panel: str = USE
    extra: str = "all"


LATER: Mapping[str, Later] = {
    "analyze": Later(
        "services.cli.analyze", "Score video files and say when something went wrong."
    ),
    "demo": Later("services.cli.demo", "Show it working: a scene, an alert, a mail, a webhook."),
    "bench": Later(
        "services.cli.bench", "Measure what this machine does, through the real services."
    ),
    "extract": Later(
        "services.cli.extract", "Turn a folder of videos into features for training.", MODELS
    ),
    "train": Later(
        "services.cli.train", "Train a head on features and labels.", MODELS, "scoring,train"
    ),
    "evaluate": Later(
        "services.cli.evaluate", "Judge a head on videos it has not seen.", MODELS, "scoring,train"
    ),
    "bias-check": Later(
        "services.cli.bias_check",
        "Fail when a head tells by the position instead of the picture.",
        MODELS,
        "scoring",
    ),
    "models": Later(
        "services.cli.models", "Weights that backbones need: list, pull, add, verify.", MODELS
    ),
}


class LazyGroup(TyperGroup):
    """For help it has the one-line stubs, to run a command it loads the real one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, stub, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and name in LATER else stub, rest


def add_stubs(app: typer.Typer) -> None:
    """Let the help of `app` list the commands of LATER."""
    for name, later in LATER.items():
        app.command(name, help=later.tells, rich_help_panel=later.panel)(lambda: None)


def load(name: str) -> Any:
    """The command `name`, from the function (or group) of that name in its module."""
    later = LATER[name]
    try:
        module = import_module(later.module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in OURS:
            raise
        give_up(
            f"`{name}` needs {error.name}, which is not installed: "
            f"pip install 'nightclerk\\[{later.extra}]'"
        )
    command = getattr(module, name.replace("-", "_"))
    if isinstance(command, typer.Typer):
        return typer.main.get_command(command)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(command)
    return typer.main.get_command(alone)
