"""How far replays got, as `replay-progress.v1` tells it: into their rows, by the projector."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Update, or_, select, update

from schemas.replays import ExtractionProgressed, ReplayProgressed
from services.api.replays.queries import FINISHED
from services.api.replays.tables import replays
from services.api.tables import SENTENCE_CHARS

Progress = ReplayProgressed | ExtractionProgressed
COUNTS = "windows_planned windows clips alerts refused estimated_s elapsed_s"


def write_progress(connection: Connection, messages: Iterable[Progress]) -> None:
    """In their order. What is told of a replay that was removed, or asked for again since, or
    before what is known already, changes nothing.
    """
    for message in messages:
        if isinstance(message, ReplayProgressed):
            connection.execute(_progressed(message))
        else:
            connection.execute(_extracted(message))


def removed_runs(connection: Connection, runs: Sequence[str]) -> set[str]:
    """Those of them whose results were removed: what comes late must not bring them back."""
    query = select(replays.c.run).where(replays.c.run.in_(runs), replays.c.removed_at.is_not(None))
    return set(connection.scalars(query)) if runs else set()


def _progressed(message: ReplayProgressed) -> Update:
    values: dict[str, Any] = {name: getattr(message, name) for name in COUNTS.split()}
    is_over = message.state in FINISHED
    values |= {
        "state": message.state,
        "error": message.error[:SENTENCE_CHARS] if message.error else None,
        "progressed_at": message.progressed_at,
        "finished_at": message.progressed_at if is_over else None,
    }
    statement = _theirs(message.run, message.progressed_at).values(values)
    if message.state == "cancelled":  # else it goes on again already
        return statement.where(replays.c.is_cancelled.is_(True))
    # Of one that was cancelled only its end is news.
    return statement if is_over else statement.where(replays.c.is_cancelled.is_(False))


def _extracted(message: ExtractionProgressed) -> Update:
    """Once all lies on the log the replay is told again, and judged."""
    told = message.model_dump(mode="json", exclude={"type", "run", "requested_at"})
    values: dict[str, Any] = {"extraction": told, "progressed_at": message.progressed_at}
    at = message.progressed_at
    if message.state == "running":
        values |= {"state": "extracting"}
    elif message.state == "done":
        values |= {"state": "queued", "extracted_at": at, "announced_at": None}
    else:
        values |= {"state": message.state, "finished_at": at, "error": message.error}
    statement = _theirs(message.run, at).where(
        replays.c.requested_at == message.requested_at, replays.c.extracted_at.is_(None)
    )
    if message.state != "cancelled":
        statement = statement.where(replays.c.is_cancelled.is_(False))
    return statement.values(values)


def _theirs(run: str, at: datetime) -> Update:
    known = replays.c.progressed_at
    return update(replays).where(
        replays.c.run == run,
        replays.c.removed_at.is_(None),
        replays.c.requested_at <= at,
        or_(known.is_(None), known <= at),
    )
