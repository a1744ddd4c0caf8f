"""Floods: alerts beyond what a target wants to hear singly are gathered into one message; what it
is sent once more comes at its own rate.

A gathered delivery is due when its digest is. The digest is a delivery of its own, fixed when it is
formed: what comes later belongs to the next, so that every attempt of it says the same.
"""

from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, case, func, select, update

from schemas import ids
from services.alerts.core.deliveries import Target
from services.alerts.tables import deliveries

GATHERED, DIGESTED, MISSED = "gathered", "digested", "missed"
PACED = ("alert", "escalation")
AT_ONCE = 100
"""A digest lists no more; what is left is the next one's."""
HOUR_S, DAY_S = 3600.0, 86_400.0
HANDFUL = 5
"""So many redeliveries that somebody asks for by hand wait for nothing."""
MOST_APART_S = 60.0
"""Of redeliveries: two hundred that were asked for at once are through before the first that fails
is given up.
"""


def gathered(connection: Connection, target: Target, now: float) -> dict[str, Any]:
    """What becomes of a new delivery to the target: nothing, or it is gathered until a time."""
    pacing = target.pacing
    if pacing is None:
        return {}
    mine = deliveries.c.target_id == str(target.target_id)
    waiting = select(func.min(deliveries.c.due_at)).where(mine, deliveries.c.state == GATHERED)
    due_at = connection.scalar(waiting)
    if due_at is None and pacing.digest_every_s is not None:
        due_at = (now // pacing.digest_every_s + 1) * pacing.digest_every_s
    if due_at is None:
        due_at = _full_until(connection, mine, pacing.most_per_hour, now)
    return {} if due_at is None else {"state": GATHERED, "due_at": due_at}


def paced(connection: Connection, target: Target, now: float) -> dict[str, Any]:
    """When a redelivery to the target is due: a handful at once, others as its rate has room."""
    if target.pacing is None:
        return {}
    mine = deliveries.c.target_id == str(target.target_id)
    latest = deliveries.c.purpose == "redelivery", deliveries.c.opened_at > now - DAY_S
    begins = case((deliveries.c.attempts == 0, deliveries.c.due_at), else_=deliveries.c.opened_at)
    query = select(begins).where(mine, *latest).order_by(begins.desc())
    before = connection.scalar(query.offset(HANDFUL - 1).limit(1))
    if before is None:
        return {}
    apart_s = min(HOUR_S / target.pacing.most_per_hour, MOST_APART_S)
    return {"due_at": max(now, float(before) + HANDFUL * apart_s)}


def _full_until(connection: Connection, mine: Any, most: int, now: float) -> float | None:
    """When the hour of the earliest of the latest `most` messages is over, if it is not yet."""
    sent = mine, deliveries.c.state.not_in((GATHERED, DIGESTED, MISSED))
    latest = deliveries.c.opened_at > now - HOUR_S, deliveries.c.purpose.in_((*PACED, "digest"))
    query = select(deliveries.c.opened_at).where(*sent, *latest)
    order = deliveries.c.opened_at.desc()
    earliest = connection.scalar(query.order_by(order).offset(most - 1).limit(1))
    return None if earliest is None else float(earliest) + HOUR_S


def form_digest(connection: Connection, target_id: UUID, now: float) -> None:
    """Make one delivery of what is gathered for the target, once that is due."""
    mine = deliveries.c.target_id == str(target_id), deliveries.c.state == GATHERED
    due = select(func.min(deliveries.c.due_at)).where(*mine)
    due_at = connection.scalar(due)
    if due_at is None or due_at > now:
        return
    order = deliveries.c.opened_at, deliveries.c.delivery_id
    query = select(deliveries).where(*mine).order_by(*order).limit(AT_ONCE).with_for_update()
    rows = connection.execute(query).mappings().all()
    if not rows:
        return
    digest_id = str(uuid5(ids.NAMESPACE, f"digest/{rows[0]['delivery_id']}"))
    fresh = {"delivery_id": digest_id, "purpose": "digest", "state": "waiting", "attempts": 0}
    connection.execute(deliveries.insert().values({**rows[0], **fresh, "opened_at": now}))
    members = deliveries.c.delivery_id.in_([row["delivery_id"] for row in rows])
    gone = {"state": DIGESTED, "due_at": None, "digest_id": digest_id}
    connection.execute(update(deliveries).where(members).values(gone))
