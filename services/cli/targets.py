"""`nightclerk targets`: who is notified of alerts. Add, list, test, remove."""

from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Token
from services.cli.home import Home
from services.cli.hours import HoursUnreadable, weekly, words
from services.cli.screen import console, give_up
from services.cli.videos import client_of

targets = typer.Typer(
    help="Who is notified of alerts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Which = Annotated[str, typer.Argument(help="Its id.", metavar="TARGET")]
Stores = Annotated[
    list[str] | None,
    typer.Option("--store", help="Only of this store, by its id. May be repeated."),
]
Severities = Annotated[
    list[str] | None, typer.Option("--severity", help="info, warning, critical. May be repeated.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", help='Only what is called so, "Possible fight". May be repeated.'),
]
Hours = Annotated[
    list[str] | None, typer.Option("--hours", help='Only then: "fri-sun 22:00-06:00".')
]
Zone = Annotated[
    str | None, typer.Option("--time-zone", help="Of the hours; else each store's own.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of words.")]


@targets.command()
def add(  # noqa: PLR0913 - each is an option
    channel: Annotated[Literal["email", "webhook", "slack", "mqtt"], typer.Argument()],
    address: Annotated[str, typer.Argument(help="Mail address, URL, or mqtts://…/topic.")],
    name: Annotated[str | None, typer.Option("--name", help="Else its channel.")] = None,
    language: Annotated[Literal["en", "ko"], typer.Option("--language")] = "en",
    store: Stores = None,
    severity: Severities = None,
    label: Labels = None,
    hours: Hours = None,
    time_zone: Zone = None,
    after_s: Annotated[
        float, typer.Option("--after", help="Only of what nobody acknowledged so many seconds.")
    ] = 0.0,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Add a target. The secret of a webhook is shown this once."""
    entry: dict[str, Any] = {"channel": channel, "address": address, "name": name or channel}
    entry["wants"] = wants(store, severity, label, hours, time_zone)
    with client_of(api, token, home) as client:
        added = client.add_target(entry | {"language": language, "after_s": after_s})
    if as_json:
        console.print_json(data=added)
        return
    console.print(f"[green]added[/] {added['target']['target_id']}", highlight=False)
    if added["secret"]:
        console.print(f"secret {added['secret']}", soft_wrap=True, highlight=False)


def wants(
    stores: list[str] | None,
    severities: list[str] | None,
    labels: list[str] | None,
    hours: list[str] | None,
    time_zone: str | None,
) -> dict[str, Any]:
    """Which alerts are asked for; without any, all. Hours that cannot be read end the command."""
    try:
        within = weekly(hours) if hours else None
    except HoursUnreadable as error:
        give_up(error, 2)
    return {
        "store_ids": stores or [],
        "severities": severities or [],
        "labels": labels or [],
        "hours": within,
        "time_zone": time_zone,
    }


@targets.command("list")
def list_targets(
    as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """Show all targets, the latest added first."""
    with client_of(api, token, home) as client:
        found = list(client.targets())
    if as_json:
        console.print_json(data=found)
        return
    table = Table("id", "channel", "name", "address", "hears of", "state", box=SIMPLE_HEAD)
    table.columns[0].no_wrap = True
    for each in found:
        state = "on" if each["is_enabled"] else f"off {each['disabled_reason']}".strip()
        about = filtered(each["wants"])
        shown = (each["target_id"], each["channel"], each["name"], each["address"], about, state)
        table.add_row(*(escape(text) for text in shown))
    console.print(table)


def filtered(chosen: dict[str, Any]) -> str:
    """A filter in words: those of its lists, and when."""
    listed = [*chosen["severities"], *chosen["labels"]]
    if stores := len(chosen["store_ids"]):
        listed.append(f"{stores} store" + "s" * (stores > 1))
    if chosen["hours"]:
        listed.append(f"{words(chosen['hours'])} {chosen['time_zone'] or ''}".strip())
    return ", ".join(listed) or "all"


@targets.command("test")
def try_out(which: Which, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Send a test; how it went is among the target's deliveries."""
    with client_of(api, token, home) as client:
        console.print(f"requested {client.test_target(which)}", highlight=False)


@targets.command()
def remove(which: Which, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Remove a target; what waits to be sent to it is not sent any more."""
    with client_of(api, token, home) as client:
        client.delete_target(which)
    console.print(f"[green]removed[/] {escape(which)}", highlight=False)
