"""Moments and numbers as people type them, and the options --since and --until."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.api.moments import moment as read

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
WHILE = re.compile(r"(\d{1,6})([mhd])")
TAKES = "2026-05-01T22:00+09:00, without a zone UTC; or so long ago: 12h, 7d."


def moment(text: str) -> datetime:
    """ISO 8601, in UTC where no zone is named; or so long before now. Raises BadParameter."""
    if WHILE.fullmatch(text):
        return datetime.now(UTC) - duration(text)
    try:
        return read(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is no moment, such as 2026-05-01T22:00+09:00, nor a while, such as 7d"
        ) from None


def number(text: str) -> float:
    """A number that JSON has, too. Raises BadParameter."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise typer.BadParameter(f"{text!r} is no number")
    return found


def duration(text: str) -> timedelta:
    """`30m`, `8h`, `2d`. Raises BadParameter."""
    if not (found := WHILE.fullmatch(text)):
        raise typer.BadParameter(f"{text!r} is no while, such as 30m, 8h or 2d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


Since = typer.Option("--since", parser=moment, metavar="MOMENT", help=TAKES, show_default=False)
Until = typer.Option(
    "--until", parser=moment, metavar="MOMENT", help="As --since.", show_default=False
)
SinceMoment = Annotated[datetime | None, Since]
UntilMoment = Annotated[datetime | None, Until]


def stretch(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """The bounds that were given, as fields of a body or a query: ISO 8601, UTC."""
    given = {"since": since, "until": until}
    return {name: stamp(moment) for name, moment in given.items() if moment}


def stamp(moment: datetime) -> str:
    """As the API takes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
