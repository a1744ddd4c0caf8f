"""Tells `keeping.v1` what holds for sources that differ from the machine's settings: a duty.

What is to be said follows from holds and rules alone; a note of what was said last stands beside
it. Where they differ it is said anew, so whatever broke off is made good by the next turn.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, delete, select

from schemas.codec import encode
from schemas.keeping import HeldStretch, KeepingConfigured
from schemas.topics import KEEPING
from services.api import holds as holding
from services.api.config import Keeping
from services.api.faces.rule import sources_with_hidden_faces
from services.api.keeping.cuts import Layer, layers
from services.api.keeping.rules import NO_RULES, Origin, RetentionRules, in_force
from services.api.keeping.tables import announced_keepings
from services.api.scores.series import EPOCH
from services.api.tables import holds, sources
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction, upsert
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("keeping")
RESTS_S = 10.0
DAY_S = 86_400.0
MOST_HELD = 500
"""Stretches of a source in a message; of more it is told as one that holds them all."""


class KeepingAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(
        self, engine: Engine, publishing: Publishing, clock: Clock, keeping: Keeping
    ) -> None:
        self._engine, self._publishing, self._clock = engine, publishing, clock
        self._keeping = keeping

    def turn(self) -> float:
        """Tell what is not told yet; seconds until the next look. Raises TransientError."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            holding.follow_alerts(connection)
            held = _held(connection.execute(select(holds)).mappings())
            of = [each for each in layers(connection) if each.rules.days("recordings")]
            kept = self._kept(connection, of)
            hidden = sources_with_hidden_faces(connection)
            before = {
                row.source_id: row.digest for row in connection.execute(select(announced_keepings))
            }
        wanted = {
            name: _message(name, kept.get(name), held.get(name, ()), name in hidden, now)
            for name in held.keys() | kept.keys() | hidden
        }
        digests = {name: _digest(message) for name, message in wanted.items()}
        news = [name for name in wanted if digests[name] != before.get(name)]
        gone = [name for name in before if name not in wanted]
        self._publishing.publish(
            *(Outgoing(KEEPING, wanted[name]) for name in news),
            *(Outgoing(KEEPING, None, key=name) for name in gone),
        )
        with transaction(self._engine) as connection:
            rows = [{"source_id": name, "digest": digests[name]} for name in news]
            upsert(connection, announced_keepings, rows, ["digest"])
            mine = announced_keepings.c.source_id.in_(gone)
            connection.execute(delete(announced_keepings).where(mine))
        if news or gone:
            log.info("keeping announced", sources=len(news), taken_back=len(gone))
        return RESTS_S

    def _kept(self, connection: Any, of: list[Layer]) -> dict[str, float]:
        """By source for how many seconds recordings are kept, where a rule says so."""
        by_place = {each.scope_id: each.rules for each in of}
        if not by_place:
            return {}
        columns = sources.c.source_id, sources.c.tenant_id, sources.c.store_id
        tenants = {str(each.tenant_id) for each in of}
        query = select(*columns).where(
            sources.c.source_kind == "camera",
            sources.c.is_being_removed.is_(False),
            sources.c.tenant_id.in_(tenants),
        )
        found = {}
        for row in connection.execute(query):
            rules: dict[Origin, RetentionRules] = {
                "tenant": by_place.get(row.tenant_id, NO_RULES),
                "store": by_place.get(row.store_id, NO_RULES),
            }
            kept = in_force(self._keeping, "recordings", rules)
            if kept.days is not None and kept.days_from != "machine":
                found[row.source_id] = kept.days * DAY_S
        return found


def _held(rows: Iterable[Mapping[Any, Any]]) -> dict[str, list[HeldStretch]]:
    found: dict[str, list[HeldStretch]] = {}
    for row in sorted(rows, key=lambda row: (row["since_at"], row["hold_id"])):
        stretch = HeldStretch(since_at=row["since_at"], until_at=row["until_at"])
        found.setdefault(row["source_id"], []).append(stretch)
    return found


def _message(
    source_id: str,
    recordings_s: float | None,
    held: Iterable[HeldStretch],
    hides_faces: bool,
    now: datetime,
) -> KeepingConfigured:
    stretches = tuple(held)
    if len(stretches) > MOST_HELD:
        until = max(each.until_at for each in stretches)
        stretches = (HeldStretch(since_at=stretches[0].since_at, until_at=until),)
    return KeepingConfigured(
        source_id=UUID(source_id),
        recordings_s=recordings_s,
        held=stretches,
        hides_faces=hides_faces,
        configured_at=now,
    )


def _digest(message: KeepingConfigured) -> str:
    return sha256(encode(message.model_copy(update={"configured_at": EPOCH}))).hexdigest()
