"""`nightclerk holds`: what is under legal hold."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.home import Home
from services.cli.places import identified
from services.cli.screen import console
from services.cli.stretches import SinceMoment, UntilMoment, stretch
from services.cli.videos import client_of

holds = typer.Typer(
    help="Legal hold: nothing of it is deleted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@holds.command("list")
def list_holds(as_json: Json = False, api: Api = "", token: Token = "", home: Home = None) -> None:
    """All of them, the latest first; alerts that are held among them."""
    with client_of(api, token, home) as client:
        found = list(client.listed("/holds"))
    if as_json:
        console.print_json(data=found)
        return
    names = "hold", "source", "from", "to", "reason", "held by", "held since"
    table = Table(*names, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for each in found:
        begin, end = each["since"] or "the beginning", each["until"] or "no end"
        said = each["source_name"], _second(begin), _second(end), each["reason"], each["held_by"]
        table.add_row(each["hold_id"], *map(escape, said), _second(each["held_at"]))
    console.print(table)


@holds.command()
def add(  # noqa: PLR0913 - each is an option
    source: Annotated[
        str, typer.Argument(help="A camera, by id or name, or a video by its id.", metavar="SOURCE")
    ],
    reason: Annotated[str, typer.Option(help="Why; it is shown and stands in the audit log.")],
    since: SinceMoment = None,
    until: UntilMoment = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Hold a stretch of a camera, or all there is of it; of an upload always all."""
    entry: dict[str, Any] = {"reason": reason} | stretch(since, until)
    with client_of(api, token, home) as client:
        view = client.post("/holds", entry | {"source_id": str(identified(client, source))})
    if as_json:
        console.print_json(data=view)
        return
    console.print(f"[green]held[/] {view['hold_id']}", highlight=False)


@holds.command()
def release(
    hold_id: Annotated[UUID, typer.Argument(help="As `holds list` shows it.", metavar="HOLD")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Let go of it: what is too old goes with the next turn of retention."""
    with client_of(api, token, home) as client:
        client.remove(f"/holds/{hold_id}")
    console.print(f"[green]released[/] {hold_id}", highlight=False)


def _second(moment: str) -> str:
    """`2026-05-01 22:00:00`, in UTC; words as they are."""
    return moment[:19].replace("T", " ") if moment[:1].isdigit() else moment
