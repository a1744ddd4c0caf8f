"""Which stack a command is about: `--home`, else NIGHTCLERK_HOME, else the folder here, else the
one that runs. Imports what it needs only when asked, since help must come at once.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.local.config import LocalSettings

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="State folder of the stack; else NIGHTCLERK_HOME, else .nightclerk.",
        show_default=False,
    ),
]


def local_settings(home: Path | None) -> "LocalSettings":
    """The settings of a stack that is to be started, with `home` before that of the environment.

    Programs that are started from here are told of it too. Raises WrongSettings, and
    LocalRuntimeError when the folder cannot be used.
    """
    from services.local.state import require_home

    settings = _read(home)
    require_home(settings.state)
    return settings


def running_settings(home: Path | None) -> "LocalSettings":
    """The settings with the state folder of the stack that runs, if one does.

    Raises WrongSettings, and LocalRuntimeError when several run and none is named.
    """
    from services.local.running import find_running

    settings = _read(home)
    found = find_running(settings)
    return settings.model_copy(update={"home": found}) if found else settings


def machine_token(home: Path | None) -> str:
    """The key that the stack on this machine keeps for whoever may read its state folder; empty
    where none has started. For its own API alone, never for one that is named.
    """
    from services.local.addresses import kept_api_token

    return kept_api_token(running_settings(home))


def _read(home: Path | None) -> "LocalSettings":
    from services.chassis.environment import read
    from services.local.config import LocalSettings

    if home is not None:
        os.environ["NIGHTCLERK_HOME"] = str(home)
    return read(LocalSettings)
