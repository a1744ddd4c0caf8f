"""Commands whose modules are imported only when they are called."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from services.chassis.errors import TransientError, WrongSettings
from services.cli.screen import give_up
from services.local import LocalRuntimeError

USE, MODELS = "Commands", "Models"
"""Panels of the help, beside the services."""
OURS = ("services", "schemas")
FULL = (errno.ENOSPC, errno.EDQUOT)


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
    "videos": Later(
        "services.cli.videos",
        "The videos that were handed in: list, pause, resume, delete.",
        extra="local",
    ),
    "camera": Later(
        "services.cli.camera", "The cameras: add, list, set, pause, remove, test.", extra="local"
    ),
    "rules": Later(
        "services.cli.rules", "Rules of alerts: show, set, test on the past, snooze.", extra="local"
    ),
    "keys": Later("services.cli.keys", "API keys: add, list, revoke.", extra="local"),
    "audit": Later(
        "services.cli.audit", "Who did what, and whether the log is whole.", extra="local"
    ),
    "stores": Later(
        "services.cli.stores", "The stores and their hours: list, add, hours.", extra="local"
    ),
    "users": Later(
        "services.cli.people", "Who may log in: list, invite, reset a password.", extra="local"
    ),
    "tenants": Later(
        "services.cli.people", "Chains that know nothing of one another: list, add.", extra="local"
    ),
    "alerts": Later(
        "services.cli.alerts", "Alerts: list, follow, acknowledge, review.", extra="local"
    ),
    "targets": Later(
        "services.cli.targets", "Who is notified: add, list, set, test, remove.", extra="local"
    ),
    "evidence": Later(
        "services.cli.evidence", "Evidence packs: verify one, show the key.", extra="alerts,local"
    ),
    "erase": Later(
        "services.cli.erase", "Take footage away for good, and prove it.", extra="api,local"
    ),
    "retention": Later(
        "services.cli.retention", "What is kept for how long: show, set.", extra="local"
    ),
    "holds": Later("services.cli.holds", "Legal hold: list, add, release.", extra="local"),
    "deadletters": Later(
        "services.cli.deadletters",
        "Records that nobody could use: list, show, replay, drop.",
        extra="local",
    ),
    "secrets": Later("services.cli.secrets", "The key that seals secrets: rotate.", extra="local"),
    "export": Later(
        "services.cli.export", "Scores, alerts and conditions as CSV or Parquet.", extra="local"
    ),
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
    "replays": Later(
        "services.cli.replays",
        "Judge the past again by another detector, and compare.",
        MODELS,
        "local",
    ),
    "bias-check": Later(
        "services.cli.bias_check",
        "Fail when a head tells by the position instead of the picture.",
        MODELS,
        "scoring",
    ),
    "models": Later(
        "services.cli.models", "Detectors: register, promote, roll back.", MODELS, "local"
    ),
    "weights": Later(
        "services.cli.weights", "Weights that backbones need: list, pull, add, verify.", MODELS
    ),
}


class LazyGroup(TyperGroup):
    """For help it has the one-line stubs, to run a command it loads the real one.

    What a person can mend ends every command with a sentence; a traceback is a bug of ours.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (WrongSettings, LocalRuntimeError, TransientError) as error:
            give_up(error)
        except OSError as error:
            if error.errno in FULL:
                give_up("the disk is full; make room, and start again: what was kept is kept")
            if error.filename is None or error.strerror is None:
                raise
            give_up(f"{os.fsdecode(error.filename)}: {error.strerror}")

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
    command = getattr(imported(name, later.module, later.extra), name.replace("-", "_"))
    if isinstance(command, typer.Typer):
        return typer.main.get_command(command)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(command)
    return typer.main.get_command(alone)


def imported(command: str, module: str, extra: str) -> Any:
    """The module of a command; one sentence when a part of the distribution is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in OURS:
            raise
        give_up(
            f"`{command}` needs {error.name}, which is not installed: "
            f"pip install 'nightclerk[{extra}]'"
        )
