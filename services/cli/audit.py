"""`nightclerk audit`: who did what, and whether the log of it is whole."""

import json
from itertools import islice
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.home import Home
from services.cli.screen import console, give_up
from services.cli.stretches import SinceMoment, UntilMoment, stretch
from services.cli.videos import client_of

audit = typer.Typer(
    help="The audit log.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Tenant = Annotated[str, typer.Option("--tenant", help="Another chain's, by its id.")]


@audit.command("list")
def list_entries(  # noqa: PLR0913 - each is an option
    action: Annotated[
        str, typer.Option("--action", help="camera.added; camera. for all of cameras.")
    ] = "",
    actor: Annotated[str, typer.Option("--actor", help="Mail address, or name of a key.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="The id of what it was done to.")] = "",
    since: SinceMoment = None,
    until: UntilMoment = None,
    most: Annotated[int, typer.Option("--most", min=1, help="So many rows.")] = 50,
    tenant: Tenant = "",
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show who did what, the latest first."""
    where = {"action": action, "actor": actor, "subject": subject, "tenant_id": tenant}
    with client_of(api, token, home) as client:
        wanted = {name: value for name, value in where.items() if value} | stretch(since, until)
        found = list(islice(client.audit_entries(**wanted), most))
    if as_json:
        console.print_json(data=found)
        return
    names = "no", "when (UTC)", "who", "from", "what", "to what"
    table = Table(*names, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for each in found:
        detail = json.dumps(each["detail"], ensure_ascii=False) if each["detail"] else ""
        table.add_row(
            str(each["sequence"]),
            each["happened_at"][:19].replace("T", " "),
            escape(each["actor_name"]),
            escape(each["address"]),
            escape(each["action"]),
            escape(f"{each['subject']} {detail}".strip()),
        )
    console.print(table)


@audit.command()
def verify(
    head: Annotated[
        str, typer.Option("--head", help="As an earlier check gave it, noted elsewhere.")
    ] = "",
    tenant: Tenant = "",
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Follow the chain of the log from its first row to its head; fails where it is broken."""
    where = {"head": head, "tenant_id": tenant}
    with client_of(api, token, home) as client:
        found = client.audit_verification({name: value for name, value in where.items() if value})
    if not found["is_whole"]:
        give_up(f"The audit log was tampered with. {found['fault']}")
    count = found["last"] - found["first"] + 1
    console.print(
        f"Good: {count} rows, {found['first']} to {found['last']}, each follows from the one "
        "before. Note the head elsewhere, and check with --head later:",
        soft_wrap=True,
        highlight=False,
    )
    typer.echo(found["head"])
