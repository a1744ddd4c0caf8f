"""`nightclerk stores`: the stores of a chain, and when they are open and staffed."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from services.cli.analyze import Api, Json, Token
from services.cli.home import Home
from services.cli.hours import HoursUnreadable, holiday, holiday_words, weekly, words
from services.cli.people import OfTenant, of, show, tell
from services.cli.places import store_id
from services.cli.screen import console, give_up, printable
from services.cli.videos import client_of

stores = typer.Typer(
    help="The stores: list, add, hours.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Zone = Annotated[str | None, typer.Option("--time-zone", help="Such as Europe/Berlin, Asia/Seoul.")]
Open = Annotated[
    list[str] | None, typer.Option("--open", help='"mon-sat 06:00-23:00"; without any: always.')
]
Staffed = Annotated[
    list[str] | None, typer.Option("--staffed", help="When somebody is there, likewise.")
]
Holidays = Annotated[
    list[str] | None,
    typer.Option(
        "--holiday",
        help='"2026-12-25 closed", "2026-12-24 08:00-14:00 staffed 08:00-12:00". They take the '
        "place of those there.",
    ),
]
Always = Annotated[bool, typer.Option("--always-open", help="It never closes.")]


@stores.command("list")
def list_stores(
    tenant: OfTenant = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show the stores, the latest added first."""
    with client_of(api, token, home) as client:
        found = list(client.listed("/stores", **of(tenant)))
    if as_json:
        console.print_json(data=found)
        return
    show(("id", "name", "time zone", "open", "staffed"), [row(store) for store in found])


@stores.command()
def add(  # noqa: PLR0913 - each is an option
    name: Annotated[str, typer.Argument(help="What the store is called.")],
    time_zone: Zone = None,
    opened: Open = None,
    staffed: Staffed = None,
    tenant: OfTenant = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Add a store."""
    hours = changed({}, time_zone, opened, staffed, None)
    with client_of(api, token, home) as client:
        added = client.post("/stores", {"name": name, "hours": hours}, **of(tenant))
    tell_of("added", added, as_json)


@stores.command()
def hours(  # noqa: PLR0913 - each is an option
    store: Annotated[str, typer.Argument(help="Its id or its name.", metavar="STORE")],
    time_zone: Zone = None,
    opened: Open = None,
    staffed: Staffed = None,
    holidays: Holidays = None,
    always_open: Always = False,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show when a store is open and staffed, or change what is named."""
    with client_of(api, token, home) as client:
        view = client.get(f"/stores/{store_id(client, store)}")
        wanted = changed(view["hours"], time_zone, opened, staffed, holidays)
        wanted |= {"open": None} if always_open else {}
        if wanted != view["hours"]:
            view = client.patch(f"/stores/{view['store_id']}", {"hours": wanted})
    tell_of("open", view, as_json)


def changed(
    before: dict[str, Any],
    time_zone: str | None,
    opened: list[str] | None,
    staffed: list[str] | None,
    holidays: list[str] | None,
) -> dict[str, Any]:
    """What is named in the place of what was. What cannot be read ends the command."""
    after = dict(before)
    try:
        if time_zone is not None:
            after["time_zone"] = time_zone
        if opened:
            after["open"] = weekly(opened)
        if staffed:
            after["staffed"] = weekly(staffed)
        if holidays:
            after["holidays"] = [holiday(text) for text in holidays]
    except HoursUnreadable as error:
        give_up(error, 2)
    return after


def row(store: dict[str, Any]) -> tuple[str, ...]:
    times = store["hours"]
    weekdays = words(times["open"]), words(times["staffed"])
    return store["store_id"], store["name"], times["time_zone"], *weekdays


def tell_of(what: str, store: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(data=store)
        return
    _, name, zone, open_times, staffed = row(store)
    tell(f"[green]{what}[/]  {escape(printable(name))}, {store['store_id']}")
    tell(f"       open {open_times}; staffed {staffed}; {zone}")
    hours = store["hours"]
    for day in hours["holidays"]:
        tell(f"       on {holiday_words(day, hours['open'] is None)}")
