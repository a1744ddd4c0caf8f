"""The command `nightclerk`. Nothing heavy is imported here: help must come at once."""

import typer

from services.cli.lazy import USE, LazyGroup, add_stubs
from services.cli.runtime import down, status, up
from services.cli.service import TELLS, add_service
from services.cli.topics import topics

app = typer.Typer(
    name="nightclerk",
    cls=LazyGroup,
    help="Watches the cameras of unmanned stores and tells people when something wrong goes on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (up, down, status):
    app.command(rich_help_panel=USE)(command)
add_stubs(app)
app.add_typer(topics, name="topics", rich_help_panel=USE)
for one in TELLS:
    add_service(app, one)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
