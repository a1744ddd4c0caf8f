"""Tells `policies.v1` what is in force for each source, whenever any part of it changes: a duty.

A policy, the hours of a store, a camera's zones, a source that is new or moves to another store:
each has a moment of change in the tables, and each source a note of the moments that its announced
set was made of. Where they differ the set is made anew; by pages, so that a change for a thousand
cameras is no long transaction. What lies last on the topic is what the tables have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Engine, delete, select

from schemas.codec import encode
from schemas.policies import PolicySet
from schemas.topics import POLICIES
from services.api.policies.resolving import policy_set
from services.api.policies.storing import (
    AT,
    Row,
    effective_of,
    is_unannounced,
    place_of,
    rows_of,
)
from services.api.policies.tables import policy_sets
from services.api.tables import sources
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction, upsert
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("policies")
RESTS_S = 2.0
AT_ONCE = 200


@dataclass(frozen=True)
class _Announcement:
    """What is to be said of a source, and what it was made of."""

    row: Row
    message: PolicySet | None
    digest: str

    @property
    def is_news(self) -> bool:
        return self.digest != (self.row["digest"] or "")

    @property
    def outgoing(self) -> Outgoing:
        return Outgoing(POLICIES, self.message, key=self.row["source_id"])

    def noted(self) -> dict[str, object]:
        moments = {name: self.row[name] for name in AT}
        return {"source_id": self.row["source_id"], "digest": self.digest, **moments}


class PolicyAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing, clock: Clock) -> None:
        self._engine, self._publishing, self._clock = engine, publishing, clock

    def turn(self) -> float:
        """A page of what is not announced; seconds until the next. Raises TransientError."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            rows = rows_of(connection, is_unannounced(now), AT_ONCE)
        if not rows:
            return RESTS_S
        page = [_announcement(row, now) for row in rows]
        news = [one for one in page if one.is_news]
        self._publishing.publish(*(one.outgoing for one in news))
        with transaction(self._engine) as connection:
            upsert(connection, policy_sets, [one.noted() for one in page], [*AT, "digest"])
        self._take_back_removed(news)
        log.info("policies announced", sources=len(news), unchanged=len(page) - len(news))
        return 0.0 if len(rows) == AT_ONCE else RESTS_S

    def _take_back_removed(self, news: Sequence[_Announcement]) -> None:
        """Removed meanwhile: its tombstone may lie before what was announced now."""
        names = [one.row["source_id"] for one in news if one.message is not None]
        with transaction(self._engine) as connection:
            here = sources.c.source_id.in_(names), sources.c.is_being_removed.is_(False)
            present = set(connection.scalars(select(sources.c.source_id).where(*here)))
            gone = [name for name in names if name not in present]
            connection.execute(delete(policy_sets).where(policy_sets.c.source_id.in_(gone)))
        self._publishing.publish(*(Outgoing(POLICIES, None, key=name) for name in gone))


def _announcement(row: Row, now: datetime) -> _Announcement:
    """The same rows give the same message: it carries the moment of the latest change."""
    set_at = max(row[name] for name in AT if row[name] is not None)
    place = place_of(row, now)
    message = policy_set(UUID(row["source_id"]), effective_of(row, ()), place, set_at)
    return _Announcement(row, message, _digest(message))


def _digest(message: PolicySet | None) -> str:
    if message is None:
        return ""
    return sha256(encode(message.model_copy(update={"set_at": _EPOCH}))).hexdigest()


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
