"""Holds as people set them and let go of them: kept, noted in the audit log, announced."""

import io
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from schemas import ids
from schemas.recordings import FootageRequested
from schemas.topics import FOOTAGE_REQUESTS
from services.api import audit, holds
from services.api.deps import Tools
from services.api.keeping.views import HoldEntry
from services.api.principal import Principal
from services.api.scores.series import EPOCH
from services.api.tables import NAME_CHARS
from services.api.tables import holds as table
from services.api.views import AlertView
from services.chassis.storage.database import transaction
from services.chassis.streaming.records import Outgoing


def hold_alert(context: Tools, principal: Principal, view: AlertView, reason: str) -> None:
    """All that is kept of it, and the recordings around it, which are brought from the worker."""
    context.store.put(ids.hold_key(view.alert_id), io.BytesIO(b""), "text/plain")
    with transaction(context.engine) as connection:
        chain = audit.tenant_of(connection, principal, view.source_id)
        values = _values(context, principal, str(chain), reason)
        holds.hold_alert(connection, view, values)
        detail = {"reason": reason} if reason else {}
        audit.record(
            connection, principal, "alert.held", str(view.alert_id), detail, tenant_id=chain
        )
    context.announce_keeping()
    if view.source_kind == "camera":
        _secure(context, view)


def release_alert(context: Tools, principal: Principal, view: AlertView) -> None:
    with transaction(context.engine) as connection:
        holds.release(connection, view.alert_id)
        chain = audit.tenant_of(connection, principal, view.source_id)
        audit.record(connection, principal, "alert.released", str(view.alert_id), tenant_id=chain)
    context.store.delete(ids.hold_key(view.alert_id))
    context.announce_keeping()


def hold_stretch(context: Tools, principal: Principal, source: Any, entry: HoldEntry) -> UUID:
    """Of an upload, which is one file, all. Its id."""
    hold_id, is_upload = uuid4(), source["source_kind"] == "upload"
    since = EPOCH if is_upload or entry.since is None else entry.since
    until = holds.EVER if is_upload or entry.until is None else entry.until
    with transaction(context.engine) as connection:
        chain = audit.tenant_of(connection, principal, entry.source_id)
        row = _values(context, principal, str(chain), entry.reason) | {
            "hold_id": str(hold_id),
            "source_id": str(entry.source_id),
            "is_of_alert": False,
            "since_at": since,
            "until_at": until,
        }
        connection.execute(insert(table).values(row))
        detail = {"source": str(entry.source_id), "reason": entry.reason}
        stretch = {"since": entry.since, "until": entry.until}
        detail |= {name: moment.isoformat() for name, moment in stretch.items() if moment}
        audit.record(connection, principal, "footage.held", str(hold_id), detail, tenant_id=chain)
    context.announce_keeping()
    return hold_id


def release_stretch(context: Tools, principal: Principal, hold_id: UUID) -> None:
    with transaction(context.engine) as connection:
        query = select(table.c.source_id).where(table.c.hold_id == str(hold_id))
        source_id = connection.scalar(query)
        if source_id is None:
            return
        holds.release(connection, hold_id)
        chain = audit.tenant_of(connection, principal, UUID(source_id))
        detail = {"source": source_id}
        audit.record(
            connection, principal, "footage.released", str(hold_id), detail, tenant_id=chain
        )
    context.announce_keeping()


def _values(context: Tools, principal: Principal, tenant_id: str, reason: str) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "reason": reason,
        "held_by": principal.actor.name[:NAME_CHARS],
        "held_at": context.clock.now(),
    }


def _secure(context: Tools, view: AlertView) -> None:
    """At once: the ring hears of the hold as well, but only keeps what is still there."""
    wish = FootageRequested(
        source_id=view.source_id,
        since_at=view.started_at - holds.MARGIN,
        until_at=view.ended_at + holds.MARGIN,
        reason=f"alert {view.alert_id} is held",
        requested_at=context.clock.now(),
    )
    context.publishing.publish(Outgoing(FOOTAGE_REQUESTS, wish))
