"""`nightclerk deadletters`: records that could not be used, and what is to become of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Token
from services.cli.batches import for_each
from services.cli.client import Client
from services.cli.home import Home
from services.cli.screen import console, give_up, printable
from services.cli.stretches import SinceMoment, UntilMoment, stretch
from services.cli.videos import client_of

NOT_OPEN = 409, 410
"""It was replayed or dropped meanwhile, or Kafka let go of it."""

deadletters = typer.Typer(
    help="Records that no consumer could use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Topic = Annotated[str | None, typer.Option(help="The topic they lay on.", show_default=False)]
Reason = Annotated[
    str | None, typer.Option(help="A part of the reason, in either case.", show_default=False)
]
State = Annotated[str, typer.Option(help="open, replayed, dropped, or all.")]
Letters = Annotated[
    list[UUID] | None, typer.Argument(help="As `deadletters list` shows them.", show_default=False)
]
All = Annotated[
    bool, typer.Option("--all", help="All that are open and fit --topic, --reason and times.")
]


@deadletters.command("list")
def list_letters(  # noqa: PLR0913 - each is an option
    topic: Topic = None,
    reason: Reason = None,
    since: SinceMoment = None,
    until: UntilMoment = None,
    state: State = "open",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Latest first; Kafka keeps them for a week."""
    with client_of(api, token, home) as client:
        found = list(_found(client, state, _where(topic, reason, since, until)))
    if as_json:
        console.print_json(data=found)
        return
    if not found:
        console.print("There are none.")
        return
    table = Table("letter", "failed", "topic", "place", "consumer", "reason", "replays", "state")
    table.columns[0].no_wrap = True
    for each in found:
        place = f"{each['partition']}/{each['offset']}"
        reason = escape(printable(each["reason"]))
        table.add_row(
            *(each[name] for name in ("letter_id", "failed_at", "topic")),
            *(place, each["consumer"], reason, str(each["replays"]), each["state"]),
        )
    console.print(table)


@deadletters.command()
def show(
    letter_id: Annotated[UUID, typer.Argument(help="As `deadletters list` shows it.")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """One of them, with what its record says; no bytes, no secrets."""
    with client_of(api, token, home) as client:
        console.print_json(data=client.get(f"/dead-letters/{letter_id}"))


@deadletters.command()
def replay(  # noqa: PLR0913 - each is an option
    letters: Letters = None,
    everything: All = False,
    topic: Topic = None,
    reason: Reason = None,
    since: SinceMoment = None,
    until: UntilMoment = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Put their records on their topics again, byte for byte, the oldest first."""
    where = _where(topic, reason, since, until)
    with client_of(api, token, home) as client:
        for_each(
            _chosen(client, letters, everything, where),
            "replayed",
            lambda name: client.post(f"/dead-letters/{name}/replay", {}),
            NOT_OPEN,
        )


@deadletters.command()
def drop(  # noqa: PLR0913 - each is an option
    letters: Letters = None,
    everything: All = False,
    topic: Topic = None,
    reason: Reason = None,
    since: SinceMoment = None,
    until: UntilMoment = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Say that nobody needs to look at them any more; nothing else changes."""
    where = _where(topic, reason, since, until)
    with client_of(api, token, home) as client:
        for_each(
            _chosen(client, letters, everything, where),
            "dropped",
            lambda name: client.remove(f"/dead-letters/{name}"),
            NOT_OPEN,
        )


def _where(
    topic: str | None, reason: str | None, since: datetime | None, until: datetime | None
) -> dict[str, str]:
    named = {"topic": topic, "reason": reason}
    return {name: text for name, text in named.items() if text} | stretch(since, until)


def _found(client: Client, state: str, where: dict[str, str]) -> Iterator[dict[str, Any]]:
    return client.listed("/dead-letters", **where, **({} if state == "all" else {"state": state}))


def _chosen(
    client: Client, letters: list[UUID] | None, everything: bool, where: dict[str, str]
) -> list[str]:
    """Those that are named, or all open ones that fit; what is listed is read to its end first,
    since each deed changes the list.
    """
    if bool(letters) == everything:
        give_up("name the letters, or say --all, with --topic, --reason, --since or --until")
    if letters:
        return [str(name) for name in letters]
    return [each["letter_id"] for each in _found(client, "open", where)][::-1]
