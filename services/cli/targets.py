"""`nightclerk targets`: who is notified of alerts. Add, list, change, test, remove."""

from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.home import Home
from services.cli.hours import HoursUnreadable, weekly, words
from services.cli.places import OfStores, store_ids, target_id
from services.cli.screen import console, give_up
from services.cli.stretches import number
from services.cli.videos import client_of

targets = typer.Typer(
    help="Who is notified of alerts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Which = Annotated[str, typer.Argument(help="Its id or its name.", metavar="TARGET")]
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
After = Annotated[
    float | None,
    typer.Option(
        "--after",
        parser=number,
        metavar="SECONDS",
        help="Only of what nobody acknowledged for so long.",
    ),
]


@targets.command()
def add(  # noqa: PLR0913 - each is an option
    channel: Annotated[Literal["email", "webhook", "slack", "mqtt"], typer.Argument()],
    address: Annotated[str, typer.Argument(help="Mail address, URL, or mqtts://…/topic.")],
    name: Annotated[str | None, typer.Option("--name", help="Else its channel.")] = None,
    language: Annotated[Literal["en", "ko"], typer.Option("--language")] = "en",
    store: OfStores = None,
    severity: Severities = None,
    label: Labels = None,
    hours: Hours = None,
    time_zone: Zone = None,
    after_s: After = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Add a target. The secret of a webhook is shown this once."""
    entry: dict[str, Any] = {"channel": channel, "address": address, "name": name or channel}
    entry |= {"language": language, "after_s": after_s or 0.0}
    chosen = wants(severity, label, hours, time_zone)
    with client_of(api, token, home) as client:
        chosen |= {"store_ids": store_ids(client, store)} if store else {}
        added = client.add_target(entry | {"wants": chosen})
    if as_json:
        console.print_json(data=added)
        return
    console.print(f"[green]added[/] {added['target']['target_id']}", highlight=False)
    if added["secret"]:
        console.print(f"secret {added['secret']}", soft_wrap=True, highlight=False)


@targets.command("set")
def change(  # noqa: PLR0913 - each is an option
    which: Which,
    address: Annotated[str | None, typer.Option("--address", help="Another address.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    language: Annotated[Literal["en", "ko"] | None, typer.Option("--language")] = None,
    store: OfStores = None,
    severity: Severities = None,
    label: Labels = None,
    hours: Hours = None,
    time_zone: Zone = None,
    after_s: After = None,
    most_per_hour: Annotated[
        int | None, typer.Option("--most-per-hour", help="So many single messages at most.")
    ] = None,
    is_enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Switch it on or off.")
    ] = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Change a target; what is not named stays. `--label ""` takes away all of them, as `--store`,
    `--severity`, `--hours` and `--time-zone` do.
    """
    plain = {"address": address, "name": name, "language": language}
    given = plain | {"after_s": after_s, "is_enabled": is_enabled}
    wanted = {key: value for key, value in given.items() if value is not None}
    chosen = wants(severity, label, hours, time_zone)
    with client_of(api, token, home) as client:
        key = target_id(client, which)
        if store is not None:
            chosen["store_ids"] = store_ids(client, [each for each in store if each])
        if chosen or most_per_hour is not None:
            before = client.get(f"/targets/{key}")
            wanted["wants"] = before["wants"] | chosen
            pace = {} if most_per_hour is None else {"most_per_hour": most_per_hour}
            wanted["pacing"] = before["pacing"] | pace
        changed = client.change_target(key, wanted)
    if as_json:
        console.print_json(data=changed)
        return
    state = "on" if changed["is_enabled"] else "off"
    line = f"[green]changed[/] {key} {escape(changed['name'])}: {state}, hears of"
    console.print(f"{line} {escape(filtered(changed['wants']))}", soft_wrap=True, highlight=False)


def wants(
    severities: list[str] | None,
    labels: list[str] | None,
    hours: list[str] | None,
    time_zone: str | None,
) -> dict[str, Any]:
    """What was said of the alerts that are asked for; empty words take away what was there. Hours
    that cannot be read end the command.
    """
    chosen: dict[str, Any] = {}
    for field, words_given in (("severities", severities), ("labels", labels)):
        if words_given is not None:
            chosen[field] = [each for each in words_given if each]
    if hours is not None:
        try:
            chosen["hours"] = weekly(filter(None, hours)) or None
        except HoursUnreadable as error:
            give_up(error, 2)
    if time_zone is not None:
        chosen["time_zone"] = time_zone or None
    return chosen


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
        request = client.test_target(target_id(client, which))
    console.print(f"requested {request}", highlight=False)


@targets.command()
def remove(which: Which, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Remove a target; what waits to be sent to it is not sent any more."""
    with client_of(api, token, home) as client:
        key = target_id(client, which)
        client.delete_target(key)
    console.print(f"[green]removed[/] {key}", highlight=False)
