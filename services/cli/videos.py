"""`nightclerk videos`: what was handed in, and how it is taken away again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import httpx
import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analysis import refusal
from services.cli.analyze import Api, Token, connected, running
from services.cli.batches import for_each
from services.cli.client import Client
from services.cli.home import Home, machine_token
from services.cli.report import clock
from services.cli.screen import console, give_up

videos = typer.Typer(
    help="The videos that were handed in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@videos.command("list")
def list_videos(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show all videos, the newest first."""
    with client_of(api, token, home) as client:
        found = list(client.videos())
    if as_json:
        console.print_json(data=found)
        return
    table = Table("id", "file", "length", "state", "alerts", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for video in found:
        length = "" if video["duration_s"] is None else clock(video["duration_s"])
        state = "paused" if video["is_paused"] else video["state"]
        state = escape(f"{state}: {video['error']}" if video["error"] else state)
        table.add_row(
            video["video_id"], escape(video["filename"]), length, state, str(video["alert_count"])
        )
    console.print(table)


Ids = Annotated[list[UUID], typer.Argument(help="As `videos list` shows them.", metavar="ID…")]


@videos.command()
def pause(ids: Ids, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Have analyses wait where they are; others get the machine."""
    with client_of(api, token, home) as client:
        for_each(ids, "paused", lambda name: client.pause(name, is_paused=True))


@videos.command()
def resume(ids: Ids, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Have paused analyses go on where they were."""
    with client_of(api, token, home) as client:
        for_each(ids, "goes on", lambda name: client.pause(name, is_paused=False))


@videos.command()
def delete(
    ids: Ids,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Stop the analysis of videos, and remove them with their scores, alerts and evidence."""
    with client_of(api, token, home) as client:
        for_each(ids, "deleted", client.delete)


@contextmanager
def client_of(api: str, token: str, home: Home) -> Iterator[Client]:
    """A client of the API named, or of the stack that runs; what it refuses ends the command."""
    url = api.rstrip("/") or running(home)
    if not url:
        give_up("no stack runs; start one with `nightclerk up`, or name an API with --api")
    client = connected(url, token or ("" if api else machine_token(home)))
    try:
        yield client
    except httpx.HTTPStatusError as error:
        give_up(refusal(error.response))
    except httpx.TransportError as error:
        give_up(f"{url} does not answer any more: {error}")
    finally:
        client.close()
