"""`nightclerk retention`: how long what is kept, by a tenant or one of its stores."""

import re
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.places import OfStore, store_id
from services.cli.screen import console, give_up
from services.cli.videos import client_of

retention = typer.Typer(
    help="What is kept for how long.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Bounds = Annotated[
    list[str],
    typer.Argument(
        metavar="KIND=BOUND...",
        help="E.g. recordings=14d recordings=2000gb evidence=60d; alerts=none: as inherited.",
    ),
]
BOUND = re.compile(r"(?P<kind>[a-z]+)=(?:(?P<number>\d+(?:\.\d+)?)(?P<unit>d|gb)|none)")
FIELDS = {"d": "days", "gb": "gb"}


@retention.command()
def show(
    store: OfStore = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """What is in force, and who says so; without --store for the whole tenant."""
    with client_of(api, token, home) as client:
        view = client.get(_path(client, store))
    _print(view, as_json)


@retention.command("set")
def set_bounds(
    bounds: Bounds,
    store: OfStore = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Change some of the rules; the others stay."""
    with client_of(api, token, home) as client:
        path = _path(client, store)
        view = client.put(path, changed(client.get(path)["rules"], bounds))
    _print(view, as_json)


def changed(rules: dict[str, Any], bounds: list[str]) -> dict[str, Any]:
    """The rules with those bounds in the place of what was there. Gives up on what is none."""
    rules = {kind: dict(bound) for kind, bound in rules.items()}
    for text in bounds:
        found = BOUND.fullmatch(text)
        if found is None or found["kind"] not in rules:
            give_up(f"{text} is no bound: {', '.join(rules)}, as in recordings=14d", 2)
        if found["number"] is None:
            rules[found["kind"]] = {}
        else:
            rules[found["kind"]][FIELDS[found["unit"]]] = float(found["number"])
    return rules


def _path(client: Client, store: str | None) -> str:
    return f"/retention?store_id={store_id(client, store)}" if store else "/retention"


def _print(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(data=view)
        return
    table = Table("what", "days", "by", "GB", "by", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for each in view["in_force"]:
        table.add_row(
            each["kind"],
            _number(each["days"]),
            each["days_from"],
            _number(each["gb"]),
            each["gb_from"],
        )
    for each in view["of_machine"]:
        table.add_row(each["what"], _number(each["days"]), each["set_by"], "", "")
    console.print(table)


def _number(value: float | None) -> str:
    return "no bound" if value is None else f"{value:g}"
