"""`nightclerk export`: scores, alerts and conditions of many sources in one file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.analyze import Api, Token
from services.cli.home import Home
from services.cli.places import OfStore, identified, store_id
from services.cli.screen import console, give_up
from services.cli.stretches import SinceMoment, UntilMoment, stretch
from services.cli.videos import client_of


class Table(StrEnum):
    CLIPS = "clips"
    MINUTES = "minutes"
    ALERTS = "alerts"
    CONDITIONS = "conditions"


SUFFIXES = {".csv": "csv", ".parquet": "parquet"}


def export(  # noqa: PLR0913 - each is an option
    table: Annotated[Table, typer.Argument(help="Scores by clip or minute, or what they led to.")],
    file: Annotated[Path, typer.Argument(help="Ends in .csv or .parquet.", dir_okay=False)],
    since: SinceMoment = None,
    until: UntilMoment = None,
    source: Annotated[
        str | None, typer.Option(help="Of this camera, by id or name, or video by its id.")
    ] = None,
    store: OfStore = None,
    run: Annotated[str, typer.Option(help="live, or a shadow or replay.")] = "live",
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Write scores, alerts or conditions to a CSV or Parquet file: the latest day, or a stretch."""
    wanted = SUFFIXES.get(file.suffix.lower())
    if wanted is None:
        give_up(f"{file}: the file's name says what it is to be: .csv or .parquet.")
    where: dict[str, Any] = {"format": wanted, "run": run}
    where |= stretch(since, until)
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with client_of(api, token, home) as client, unfinished.open("wb") as out:
            where |= {"source_id": str(identified(client, source))} if source else {}
            where |= {"store_id": store_id(client, store)} if store else {}
            size = client.download(f"/exports/{table}", where, out)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    console.print(f"[green]wrote[/] {file}, {size:,} bytes", soft_wrap=True, highlight=False)
