"""`nightclerk tenants` and `nightclerk users`: chains of stores, and who may see them."""

import sys
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.places import OfStores, store_ids
from services.cli.screen import console, give_up, printable
from services.cli.videos import client_of

tenants = typer.Typer(
    help="Chains of stores that know nothing of one another.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
users = typer.Typer(
    help="The people who may log in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
OfTenant = Annotated[
    UUID | None, typer.Option("--tenant", help="Of this tenant; else of the default one.")
]
Role = Literal["owner", "manager", "operator", "viewer"]


@tenants.command("add")
def add_tenant(
    name: Annotated[str, typer.Argument(help="What the chain is called.")],
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Add a tenant, and show where its first owner signs up."""
    with client_of(api, token, home) as client:
        added = client.post("/tenants", {"name": name})
    if as_json:
        console.print_json(data=added)
        return
    tell(f"[green]added[/]  {escape(printable(added['name']))}, {added['tenant_id']}")
    tell_link("its owner signs up here, once", added["setup_url"])


@tenants.command("list")
def list_tenants(
    as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """Show all tenants, the latest added first."""
    with client_of(api, token, home) as client:
        found = list(client.listed("/tenants"))
    if as_json:
        console.print_json(data=found)
        return
    rows = [(each["tenant_id"], each["name"], each["setup_url"] or "") for each in found]
    show(("id", "name", "set-up link"), rows)


@users.command("list")
def list_users(
    tenant: OfTenant = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show the people, the latest joined first."""
    with client_of(api, token, home) as client:
        found = list(client.listed("/users", **of(tenant)))
    if as_json:
        console.print_json(data=found)
        return
    show(("mail address", "name", "role", "stores", "last login"), [row(user) for user in found])


@users.command()
def invite(  # noqa: PLR0913 - each is an option
    email: Annotated[str, typer.Argument(help="Mail address.")],
    role: Annotated[Role, typer.Option("--role")] = "viewer",
    store: OfStores = None,
    language: Annotated[Literal["en", "ko"], typer.Option("--language")] = "en",
    tenant: OfTenant = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Invite somebody by mail; without a mail server the link is shown."""
    body: dict[str, Any] = {"email": email, "role": role, "language": language}
    with client_of(api, token, home) as client:
        if store:
            body["store_ids"] = store_ids(client, store, **of(tenant))
        made = client.post("/invitations", body, **of(tenant))
    tell(f"[green]invited[/]  {escape(printable(made['email']))} as {made['role']}")
    tell_link("they accept here, once, within a week", made["url"])


@users.command()
def reset(
    email: Annotated[str, typer.Argument(help="Mail address, or id.")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Send somebody a link to another password; without a mail server it is shown."""
    with client_of(api, token, home) as client:
        made = client.post(f"/users/{found(client, email)}/password-reset", {})
    if made["url"] is None:
        tell(f"[green]sent[/]  to {escape(printable(email))}")
    tell_link("they choose another password here, once, within an hour", made["url"])


def found(client: Client, who: str) -> str:
    """The id of a person; else the command ends with a sentence."""
    wanted = who.strip().lower()
    ids = [
        str(user["user_id"])
        for user in client.listed("/users")
        if wanted in (user["user_id"], user["email"])
    ]
    if not ids:
        give_up(f"nobody logs in as {printable(who)!r}")
    return ids[0]


def of(tenant: UUID | None) -> dict[str, str]:
    return {} if tenant is None else {"tenant_id": str(tenant)}


def row(user: dict[str, Any]) -> tuple[str, ...]:
    stores = "all" if user["store_ids"] is None else str(len(user["store_ids"]))
    seen = (user["logged_in_at"] or "never")[:16].replace("T", " ")
    role = user["role"] if user["is_active"] else f"{user['role']}, not let in"
    return user["email"], user["name"], role, stores, seen


def show(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*headings, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for cells in rows:
        table.add_row(*(escape(printable(cell)) for cell in cells))
    console.print(table)


def tell(text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def tell_link(what: str, url: str | None) -> None:
    """On a line of its own, to be copied; nothing where there is none."""
    if url is not None:
        tell(f"{what}:")
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
