"""The review queue: incidents that wait for a verdict, most severe and newest first.

Whoever takes one has it for some minutes; two people at once never get the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)

from schemas.alerts import Severity
from services.api.cursors import BadCursor, Cursor
from services.api.principal import Principal
from services.api.reviews.incidents import RANKS
from services.api.reviews.tables import incidents
from services.api.reviews.views import ClaimView, IncidentView, QueuePage

Row = Mapping[Any, Any]
MOST_COUNTED = 1000
CANDIDATES = 10
SEVERITIES: Mapping[int, Severity] = {0: "info", 1: "warning", 2: "critical"}
_rank: Column[int] = incidents.c.severity_rank
_started: Column[datetime] = incidents.c.started_at
_name: Column[str] = incidents.c.incident_id
WAITING: ColumnElement[bool] = incidents.c.is_waiting == literal(1)
"""With `IS true` MySQL takes no index for the order, and sorts the whole queue at every look."""

ORDER = _rank.desc(), _started.desc(), _name.desc()
REVERSED = _rank, _started, _name


class Claimed(Exception):
    """Another person has it for now."""


@dataclass(frozen=True)
class QueueFilter:
    """Which part of the queue."""

    store_id: UUID | None = None
    severity: str | None = None

    def conditions(self) -> ColumnElement[bool]:
        of_store = incidents.c.store_id == str(self.store_id) if self.store_id else true()
        severe = _rank == RANKS[self.severity] if self.severity else true()
        return and_(of_store, severe)


@dataclass(frozen=True)
class Place:
    """Of an incident in the order of the queue."""

    rank: int
    started_at: datetime
    name: str

    @classmethod
    def read(cls, token: str) -> "Place":
        """Raises BadCursor."""
        cursor = Cursor.read(token)
        rank, _, name = cursor.name.partition("/")
        if not rank.isdigit() or len(rank) > 1:
            raise BadCursor("That cursor is none of the review queue.")
        return cls(int(rank), cursor.moment, name)

    @classmethod
    def of(cls, row: Row) -> "Place":
        return cls(row["severity_rank"], row["started_at"], row["incident_id"])

    def token(self) -> str:
        return Cursor(self.started_at, f"{self.rank}/{self.name}").token()

    def after(self) -> ColumnElement[bool]:
        """The condition of those that come later in the queue."""
        same_moment = and_(_started == self.started_at, _name < self.name)
        older = or_(_started < self.started_at, same_moment)
        return or_(_rank < self.rank, and_(_rank == self.rank, older))

    def before(self) -> ColumnElement[bool]:
        same_moment = and_(_started == self.started_at, _name > self.name)
        newer = or_(_started > self.started_at, same_moment)
        return or_(_rank > self.rank, and_(_rank == self.rank, newer))


def seen_by(principal: Principal) -> ColumnElement[bool]:
    """The condition on `incidents` under which the principal may know of one."""
    if principal.tenant_id is None:
        return true()
    of_tenant = incidents.c.tenant_id == str(principal.tenant_id)
    if principal.store_ids is None:
        return of_tenant
    if not principal.store_ids:
        return false()
    names = sorted(str(store_id) for store_id in principal.store_ids)
    return and_(of_tenant, incidents.c.store_id.in_(names))


def page(
    connection: Connection,
    principal: Principal,
    wanted: QueueFilter,
    limit: int,
    after: Place | None,
    now: datetime,
) -> QueuePage:
    """What waits, in order, and how much of it; MOST_COUNTED is counted at most."""
    query = _waiting(principal, wanted)
    shown = query.where(after.after()) if after else query
    rows = connection.execute(shown.order_by(*ORDER).limit(limit + 1)).mappings().all()
    kept = rows[:limit]
    claimed = query.where(incidents.c.claimed_until > now)
    return QueuePage(
        items=[view_of(row, principal, now) for row in kept],
        next=Place.of(kept[-1]).token() if len(rows) > limit else None,
        waiting=_count(connection, query),
        claimed=_count(connection, claimed),
    )


def incident(connection: Connection, principal: Principal, incident_id: UUID) -> Row | None:
    """Whether it waits or not."""
    query = select(incidents).where(_name == str(incident_id), seen_by(principal))
    return connection.execute(query).mappings().first()


def neighbours(
    connection: Connection, principal: Principal, wanted: QueueFilter, row: Row
) -> tuple[UUID | None, UUID | None]:
    """What waits before it in the queue, and after it."""
    query, place = _waiting(principal, wanted).with_only_columns(_name), Place.of(row)
    before = connection.scalar(query.where(place.before()).order_by(*REVERSED).limit(1))
    after = connection.scalar(query.where(place.after()).order_by(*ORDER).limit(1))
    return (UUID(before) if before else None), (UUID(after) if after else None)


def claim_next(
    connection: Connection,
    principal: Principal,
    wanted: QueueFilter,
    until: datetime,
    now: datetime,
) -> UUID | None:
    """The first that nobody has, which is theirs until then. In a transaction of its own.

    Looked up without locks and taken by comparing: a locking read would hold whatever the database
    sorts, and everybody else would find nothing.
    """
    free = or_(incidents.c.claimed_until.is_(None), incidents.c.claimed_until <= now)
    query = _waiting(principal, wanted).with_only_columns(_name).where(free).order_by(*ORDER)
    while names := list(connection.scalars(query.limit(CANDIDATES))):
        for name in names:
            if _claim(connection, principal, name, until, free):
                return UUID(name)
    return None


def claim(
    connection: Connection,
    principal: Principal,
    incident_id: UUID,
    until: datetime,
    now: datetime,
) -> bool:
    """That one, or longer than before; false where there is none. Raises Claimed."""
    row = locked(connection, principal, incident_id, now)
    if row is None:
        return False
    _claim(connection, principal, str(incident_id), until)
    return True


def release(connection: Connection, principal: Principal, incident_id: UUID, now: datetime) -> bool:
    """Give it up; false where there is none. Raises Claimed."""
    row = locked(connection, principal, incident_id, now)
    if row is None:
        return False
    nobody = {"claimed_by": None, "claim_key": None, "claimed_until": None}
    mine = incidents.c.incident_id == str(incident_id)
    connection.execute(update(incidents).where(mine).values(nobody))
    return True


def locked(
    connection: Connection, principal: Principal, incident_id: UUID, now: datetime
) -> Row | None:
    """Its row, until the transaction ends. Raises Claimed while it is another person's."""
    query = select(incidents).where(_name == str(incident_id), seen_by(principal))
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is not None and _is_taken(row, now) and row["claim_key"] != key_of(principal):
        raise Claimed(f"{row['claimed_by']} has it until {row['claimed_until']:%H:%M} UTC.")
    return row


def view_of(row: Row, principal: Principal, now: datetime) -> IncidentView:
    claim = None
    if _is_taken(row, now):
        claim = ClaimView(
            person=row["claimed_by"],
            until=row["claimed_until"],
            is_mine=row["claim_key"] == key_of(principal),
        )
    names = "incident_id store_id started_at ended_at alert_count source_count unjudged"
    return IncidentView(
        severity=SEVERITIES[row["severity_rank"]],
        claim=claim,
        **{name: row[name] for name in names.split()},
    )


def key_of(principal: Principal) -> str:
    """Two people of the same name are not the same."""
    actor = principal.actor
    return f"{actor.kind}/{actor.actor_id or actor.name}"[:255]


def _is_taken(row: Row, now: datetime) -> bool:
    return row["claimed_until"] is not None and row["claimed_until"] > now


def _claim(
    connection: Connection,
    principal: Principal,
    name: str,
    until: datetime,
    free: ColumnElement[bool] | None = None,
) -> bool:
    """Whether it was free, where that is asked for."""
    mine = {
        "claimed_by": principal.actor.name[:255],
        "claim_key": key_of(principal),
        "claimed_until": until,
    }
    query = update(incidents).where(_name == name, true() if free is None else free)
    return connection.execute(query.values(mine)).rowcount == 1


def _waiting(principal: Principal, wanted: QueueFilter) -> Select[Any]:
    return select(incidents).where(WAITING, seen_by(principal), wanted.conditions())


def _count(connection: Connection, query: Select[Any]) -> int:
    some = query.with_only_columns(_name).order_by(None).limit(MOST_COUNTED).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0
