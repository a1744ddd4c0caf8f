"""Moments that a request names: ISO 8601."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

FIRST_YEAR, LAST_YEAR = 1971, 8999
_ADVICE = "give a moment as ISO 8601, e.g. 2026-05-01T22:00:00Z"


def moment(text: Any) -> datetime:
    """Without a zone it is UTC. Raises ValueError, also for what is no text: a body's number is no
    moment.
    """
    if isinstance(text, datetime):
        text = text.isoformat()
    if not isinstance(text, str):
        raise ValueError(_ADVICE)
    read = _parsed(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def recorded_moment(text: str, now: datetime) -> datetime:
    """When a video was recorded. Its zone must be named: a wrong guess would put every alert hours
    beside the truth. Raises ValueError.
    """
    read = _parsed(text)
    if read.tzinfo is None:
        raise ValueError("recorded_at needs its zone, e.g. 2026-05-01T22:00:00+09:00, or Z")
    if read > now:
        raise ValueError("recorded_at lies in the future")
    return read.astimezone(UTC)


def _parsed(text: str) -> datetime:
    """A `+` that was not escaped comes as a space: that is forgiven."""
    try:
        read = datetime.fromisoformat(_escaped(text.strip()))
    except ValueError:
        raise ValueError(_ADVICE) from None
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueError(_ADVICE)
    return read


def _escaped(text: str) -> str:
    day, parted, time = text.partition("T" if "T" in text else " ")
    return f"{day}T{time.replace(' ', '+')}" if parted else day


Moment = Annotated[datetime, BeforeValidator(moment)]
