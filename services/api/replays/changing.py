"""What people do with a replay that was started: cancel it, go on with it, remove it.

Each is told the row as it is, locked, works in the caller's transaction, and is noted in the audit
log; the caller has it announced once its transaction is over.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, update

from services.api import audit
from services.api.principal import Principal
from services.api.replays.queries import Row, sources_of
from services.api.replays.removing import SOURCELESS, cancelled, hide
from services.api.replays.starting import AGAIN, FRESH, begin_again
from services.api.replays.tables import replays
from services.api.tables import NAME_CHARS

OVER = ("done", "failed")


class Unchangeable(Exception):
    """It cannot be done as things are. The text is one sentence."""


def cancel(connection: Connection, principal: Principal, row: Row, now: datetime) -> None:
    """Cancelled twice is cancelled once. Raises Unchangeable for one that is over."""
    if row["state"] in OVER:
        raise Unchangeable("That replay is over.")
    if not row["is_cancelled"]:
        mine = update(replays).where(replays.c.run == row["run"])
        connection.execute(mine.values(cancelled(now)))
        _note(connection, principal, "replay.cancelled", row)


def resume(connection: Connection, principal: Principal, row: Row, now: datetime) -> None:
    """As it was asked for, if it failed or was cancelled; any other stays as it is. Raises
    Unchangeable where nothing is left of what it was to judge.
    """
    if row["state"] not in AGAIN:
        return
    if not sources_of(connection, row["run"]):
        raise Unchangeable(SOURCELESS)
    by = {"requested_by": principal.actor.name[:NAME_CHARS], "requested_at": now}
    begin_again(connection, row, FRESH | by)
    _note(connection, principal, "replay.resumed", row)


def remove(connection: Connection, principal: Principal, row: Row, now: datetime) -> None:
    """One that is at work is cancelled."""
    hide(connection, row["run"], now)
    _note(connection, principal, "replay.removed", row)


def _note(connection: Connection, principal: Principal, action: str, row: Row) -> None:
    tenant_id = UUID(row["tenant_id"])
    audit.record(connection, principal, action, row["run"], tenant_id=tenant_id)
