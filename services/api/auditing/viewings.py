"""Views of evidence and recordings in the audit log: once for each person and sight, not once for
each range that a player asks for.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from services.api.audit import canonical, record, tenant_of
from services.api.principal import Principal
from services.chassis.storage.database import transaction

AGAIN = timedelta(minutes=10)
MOST = 20_000
Sight = tuple[object, ...]


@dataclass
class Viewings:
    """What was viewed lately through this instance. May be used by several threads."""

    _latest: OrderedDict[Sight, datetime] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def record(  # noqa: PLR0913 - what a row says
        self,
        engine: Engine,
        principal: Principal,
        action: str,
        subject: UUID,
        source_id: UUID,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """A row, unless the same was viewed by the same within ten minutes. Raises TransientError:
        what cannot be recorded is not to be shown.
        """
        actor = principal.actor
        sight = (
            principal.home, actor.kind, actor.actor_id, actor.address,
            action, subject, canonical(detail or {}),
        )  # fmt: skip
        if self._is_fresh(sight, now):
            return
        with transaction(engine) as connection:
            chain = tenant_of(connection, principal, source_id)
            record(connection, principal, action, str(subject), detail, tenant_id=chain, at=now)
        self._note(sight, now)

    def _is_fresh(self, sight: Sight, now: datetime) -> bool:
        with self._lock:
            latest = self._latest.get(sight)
        return latest is not None and timedelta(0) <= now - latest < AGAIN

    def _note(self, sight: Sight, now: datetime) -> None:
        with self._lock:
            self._latest[sight] = now
            self._latest.move_to_end(sight)
            while len(self._latest) > MOST:
                self._latest.popitem(last=False)
