"""The options --since and --until, and how the API takes them."""

from datetime import datetime
from typing import Annotated

import typer

Moment = Annotated[datetime | None, typer.Option(help="In UTC.", show_default=False)]


def stretch(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """The bounds that were given, as fields of a body or a query: ISO 8601, UTC, seconds."""
    given = {"since": since, "until": until}
    return {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in given.items() if moment}
