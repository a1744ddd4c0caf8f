"""The command `nightclerk`. Nothing heavy is imported here: help must come at once."""

import sys
from importlib import metadata
from io import TextIOWrapper
from typing import Annotated

import typer

from services.cli.lazy import LATER, USE, LazyGroup, add_stubs
from services.cli.runtime import down, status, up
from services.cli.service import add_service
from services.cli.topics import topics
from services.local.roster import ROSTER


def show_version(wanted: bool) -> None:
    """Print it and end."""
    if wanted:
        typer.echo(f"nightclerk {metadata.version('nightclerk')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
]

app = typer.Typer(
    name="nightclerk",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def whole(version: Version = False) -> None:
    """Watches the cameras of unmanned stores and tells people when something wrong goes on."""


for command in (up, down, status):
    app.command(rich_help_panel=USE)(command)
add_stubs(app)
app.add_typer(topics, name="topics", rich_help_panel=USE)
for service in ROSTER.values():
    if service.name not in LATER:  # that command runs the service itself
        add_service(app, service)


def main() -> None:
    """Entry point of the console script. Text that a terminal cannot show stops no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
