"""`nightclerk holds`: what is under legal hold."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from services.cli.analyze import Api, Token
from services.cli.home import Home
from services.cli.screen import console
from services.cli.stretches import Moment, stretch
from services.cli.videos import client_of

holds = typer.Typer(
    help="Legal hold: nothing of it is deleted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@holds.command("list")
def list_holds(api: Api = "", token: Token = "", home: Home = None) -> None:
    """All of them, the latest first; alerts that are held among them."""
    table = Table("hold", "source", "from", "to", "reason", "by", "since")
    with client_of(api, token, home) as client:
        for each in client.listed("/holds"):
            table.add_row(
                each["hold_id"],
                each["source_name"],
                each["since"] or "the beginning",
                each["until"] or "no end",
                each["reason"],
                each["held_by"],
                each["held_at"],
            )
    console.print(table)


@holds.command()
def add(  # noqa: PLR0913 - each is an option
    source_id: Annotated[UUID, typer.Argument(help="The camera or uploaded video.")],
    reason: Annotated[str, typer.Option(help="Why; it is shown and stands in the audit log.")],
    since: Moment = None,
    until: Moment = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Hold a stretch of a camera, or all there is of it; of an upload always all."""
    entry: dict[str, Any] = {"source_id": str(source_id), "reason": reason}
    entry |= stretch(since, until)
    with client_of(api, token, home) as client:
        view = client.post("/holds", entry)
    console.print(f"[green]held[/] {view['hold_id']}", highlight=False)


@holds.command()
def release(
    hold_id: Annotated[UUID, typer.Argument(help="As `holds list` shows it.")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Let go of it: what is too old goes with the next turn of retention."""
    with client_of(api, token, home) as client:
        client.remove(f"/holds/{hold_id}")
    console.print(f"[green]released[/] {hold_id}", highlight=False)
