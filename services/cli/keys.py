"""`nightclerk keys`: API keys of a running stack."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.batches import for_each
from services.cli.home import Home
from services.cli.places import OfStores, store_ids
from services.cli.screen import console, err
from services.cli.videos import client_of

RIGHTS = "view, review, upload, configure, administer"
keys = typer.Typer(
    help="API keys, for programs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@keys.command()
def add(  # noqa: PLR0913 - each is an option
    name: Annotated[str, typer.Argument(help="What it is for, as lists show it.")],
    right: Annotated[
        list[str] | None, typer.Option("--right", help=f"What it may do: {RIGHTS}; several.")
    ] = None,
    store: OfStores = None,
    days: Annotated[
        float | None, typer.Option("--days", min=0, max=36_500, help="It ends after so many.")
    ] = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Make a key and print it, this once. Without --right it may view, and nothing else."""
    wanted: dict[str, Any] = {"name": name, "rights": right or ["view"]}
    if days is not None:
        wanted["expires_at"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    with client_of(api, token, home) as client:
        if store:
            wanted["store_ids"] = store_ids(client, store)
        made = client.add_key(wanted)
    if as_json:
        console.print_json(data=made)
        return
    err.print(f"[green]made[/] {escape(made['name'])}; the key is shown this once:")
    typer.echo(made["key"])


@keys.command("list")
def list_keys(as_json: Json = False, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Show all keys, the latest first; never their secrets."""
    with client_of(api, token, home) as client:
        found = list(client.keys())
    if as_json:
        console.print_json(data=found)
        return
    names = "id", "name", "rights", "last used", "state"
    table = Table(*names, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for each in found:
        table.add_row(
            each["key_id"],
            escape(each["name"]),
            ", ".join(each["rights"]),
            _minute(each["last_used_at"]) or "never",
            _state(each),
        )
    console.print(table)


@keys.command()
def revoke(
    ids: Annotated[list[UUID], typer.Argument(help="As `keys list` shows them.", metavar="ID…")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """End keys, at once and for good."""
    with client_of(api, token, home) as client:
        for_each(ids, "revoked", client.revoke_key)


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return f"revoked {_minute(key['revoked_at'])}"
    if not key["is_active"]:
        return f"ended {_minute(key['expires_at'])}"
    return f"until {_minute(key['expires_at'])}" if key["expires_at"] else "works"


def _minute(moment: str | None) -> str:
    """`2026-05-01 22:00`, in UTC."""
    return moment[:16].replace("T", " ") if moment else ""
