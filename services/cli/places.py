"""Stores, cameras and videos as people name them: by id, or by a name that only one has."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import typer

from services.cli.client import Client
from services.cli.screen import give_up, printable

LISTS = {"camera": "camera", "store": "stores", "target": "targets"}
"""The command that lists them."""
OfStore = Annotated[
    str | None, typer.Option("--store", help="Of this store, by id or name.", show_default=False)
]
OfStores = Annotated[
    list[str] | None,
    typer.Option("--store", help="Of this store alone, by id or name. May be repeated."),
]


def identified(client: Client, which: str) -> UUID:
    """The id of a camera (or, by its id alone, of a video); else the command ends."""
    cameras = client.cameras()
    return UUID(_id(which, "camera", ((each["source_id"], each["name"]) for each in cameras)))


def store_id(client: Client, which: str, **where: str) -> str:
    """The id of a store; else the command ends with a sentence."""
    stores = client.listed("/stores", **where)
    return _id(which, "store", ((each["store_id"], each["name"]) for each in stores))


def store_ids(client: Client, which: Iterable[str] | None, **where: str) -> list[str]:
    return [store_id(client, each, **where) for each in which or ()]


def target_id(client: Client, which: str) -> str:
    """The id of a target of notification; else the command ends with a sentence."""
    targets = client.targets()
    return _id(which, "target", ((each["target_id"], each["name"]) for each in targets))


def _id(which: str, what: str, listed: Iterable[tuple[Any, str]]) -> str:
    """What is an id already is not looked up: the API says whether there is such."""
    try:
        return str(UUID(which))
    except ValueError:
        found = [str(key) for key, name in listed if name == which]
    shown = printable(which)
    if not found:
        give_up(f"there is no {what} of the name {shown}; see `nightclerk {LISTS[what]} list`")
    if len(found) > 1:
        give_up(f"{len(found)} {what}s have the name {shown}; name one by its id")
    return found[0]
