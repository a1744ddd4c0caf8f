"""Detectors become live or shadows, and go back: kept, told in the history and the audit log.

Every function works in the caller's transaction, and holds the scope until its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.judgements import LIVE
from services.api import audit
from services.api.models import history, scopes
from services.api.models.history import Entry
from services.api.models.queries import cards_of
from services.api.models.scopes import Judge, Scope
from services.api.models.standing import lately
from services.api.models.tables import models
from services.api.models.views import Action
from services.api.principal import Principal
from services.api.tables import NAME_CHARS

Row = Mapping[Any, Any]
FORMER_OVER = timedelta(days=7)
LEAST_CAMERA_DAYS = 0.5
"""From less footage no rate is told."""
TIMES_FORMER, LEAST_BUDGET = 3.0, 1.0
"""A budget that nobody names: so many times the rate before it, or that, alarms a camera-day."""


class Undeployable(Exception):
    """It cannot be done as things are. The text is one sentence."""


class Unseen(Exception):
    """What is deployed in the scope is not what was shown. The text is one sentence."""

    def __init__(self, is_shown: bool) -> None:
        super().__init__(
            "What is deployed here has changed meanwhile: look at it first."
            if is_shown
            else "Show by If-Match that you saw what is deployed here."
        )
        self.is_shown = is_shown


@dataclass(frozen=True)
class Promotion:
    """Why a detector becomes live. A `replay_run` comes with what it showed."""

    reason: str = ""
    replay_run: str | None = None
    comparison: Mapping[str, Any] | None = None
    budget_per_day: float | None = None


def require_seen(connection: Connection, scope: Scope, match: str | None) -> None:
    """`match` is If-Match: the version of the scope that was shown, or `*`. The scope is held from
    here on. Raises Unseen.
    """
    found = scopes.hold(connection, scope)
    if match is None:
        if found is not None:
            raise Unseen(is_shown=False)
        return
    shown = {tag.strip().removeprefix("W/").strip('"') for tag in match.split(",")}
    if not shown & {"*", scopes.version_of(found)}:
        raise Unseen(is_shown=True)


def promote(
    connection: Connection,
    principal: Principal,
    scope: Scope,
    detector: str,
    why: Promotion,
    now: datetime,
) -> UUID:
    """From now on it is live there; the id of its entry in the history. Raises Undeployable."""
    row = _usable(connection, scope, detector)
    backbone = cards_of(row)[0].backbone
    at = scopes.touch(connection, scope, now)
    before = scopes.live(connection, scope, backbone)
    if before is not None and before["detector"] == detector:
        raise Undeployable("It is live there already.")
    former = rate_before(connection, scope, backbone, at)
    budget = why.budget_per_day or max(LEAST_BUDGET, TIMES_FORMER * (former or 0.0))
    who = principal.actor.name[:NAME_CHARS]
    scopes.place(connection, scope, Judge(LIVE, backbone, detector, who, budget, former), at)
    _end_shadow(connection, scope, row, who, at)
    entry = Entry(
        action="promoted",
        run=LIVE,
        backbone=backbone,
        detector_before=before["detector"] if before else None,
        detector_after=detector,
        happened_by=who,
        reason=why.reason,
        replay_run=why.replay_run,
        comparison=why.comparison,
    )
    return _noted(connection, principal, scope, entry, at)


def roll_back(  # noqa: PLR0913 - who does what where, why and when
    connection: Connection,
    principal: Principal,
    scope: Scope,
    backbone: str,
    reason: str,
    now: datetime,
    is_automatic: bool = False,
) -> UUID:
    """What was live there before is so again, or nothing of the scope's own; nobody watches it.

    Raises Undeployable where nothing is live.
    """
    at = scopes.touch(connection, scope, now)
    before = scopes.live(connection, scope, backbone)
    if before is None:
        raise Undeployable(f"Nothing of its own is live there for {backbone}.")
    former = history.former_live(connection, scope, backbone, _usable_names(connection, scope))
    who = principal.actor.name[:NAME_CHARS]
    if former is None:
        scopes.take_away(connection, scope, LIVE, backbone)
    else:
        scopes.place(connection, scope, Judge(LIVE, backbone, former, who), at)
    entry = Entry(
        action="rolled_back",
        run=LIVE,
        backbone=backbone,
        detector_before=before["detector"],
        detector_after=former,
        happened_by=who,
        reason=reason,
        is_automatic=is_automatic,
    )
    return _noted(connection, principal, scope, entry, at)


def add_shadow(
    connection: Connection, principal: Principal, scope: Scope, detector: str, now: datetime
) -> None:
    """It looks on there. What does so already goes on. Raises Undeployable."""
    row = _usable(connection, scope, detector)
    backbone, run = cards_of(row)[0].backbone, shadow_run(detector)
    at = scopes.touch(connection, scope, now)
    mine = scopes.deployed(connection, scope)
    if any(judge["detector"] == detector and judge["run"] == LIVE for judge in mine):
        raise Undeployable("It is live there.")
    if any(judge["run"] == run for judge in mine):
        return
    who = principal.actor.name[:NAME_CHARS]
    scopes.place(connection, scope, Judge(run, backbone, detector, who), at)
    entry = Entry("shadow_added", run, backbone, None, detector, who)
    _noted(connection, principal, scope, entry, at)


def remove_shadow(
    connection: Connection, principal: Principal, scope: Scope, detector: str, now: datetime
) -> bool:
    """It looks on there no more; whether it did. What it scored stays."""
    run = shadow_run(detector)
    found = next((r for r in scopes.deployed(connection, scope) if r["run"] == run), None)
    if found is None:
        return False
    at = scopes.touch(connection, scope, now)
    if not scopes.take_away(connection, scope, run, found["backbone"]):
        return False
    who = principal.actor.name[:NAME_CHARS]
    entry = Entry("shadow_removed", run, found["backbone"], detector, None, who)
    _noted(connection, principal, scope, entry, at)
    return True


def shadow_run(detector: str) -> str:
    """Under which run a shadow judges: the same in every scope."""
    return f"shadow-{detector}"[:64]


def rate_before(connection: Connection, scope: Scope, backbone: str, now: datetime) -> float | None:
    """Bursts of alarms a camera-day of what was live there over the last days, registered or built
    in; None where that is not known.
    """
    days, count = lately(connection, scope, backbone, now - FORMER_OVER)
    return count / days if days >= LEAST_CAMERA_DAYS else None


def _usable(connection: Connection, scope: Scope, detector: str) -> Row:
    """The row of a detector, held so that nobody retires it meanwhile."""
    mine = models.c.tenant_id == str(scope.tenant_id), models.c.detector == detector
    row = connection.execute(select(models).where(*mine).with_for_update()).mappings().first()
    if row is None:
        raise Undeployable(
            "It is built in, and live wherever nothing else is: roll back to it; or register its"
            " package to name it for one store."
        )
    if row["retired_at"] is not None:
        raise Undeployable("It is retired.")
    return row


def _usable_names(connection: Connection, scope: Scope) -> frozenset[str]:
    mine = models.c.tenant_id == str(scope.tenant_id), models.c.retired_at.is_(None)
    return frozenset(connection.scalars(select(models.c.detector).where(*mine)))


def _end_shadow(connection: Connection, scope: Scope, row: Row, who: str, at: datetime) -> None:
    """What is live need not look on as well."""
    detector, backbone = row["detector"], cards_of(row)[0].backbone
    run = shadow_run(detector)
    if scopes.take_away(connection, scope, run, backbone):
        entry = Entry("shadow_removed", run, backbone, detector, None, who, "it became live")
        history.append(connection, scope, entry, at)


AUDITED: Mapping[Action, str] = {
    "promoted": "model.promoted",
    "rolled_back": "model.rolled_back",
    "shadow_added": "model.shadow_added",
    "shadow_removed": "model.shadow_removed",
}


def _noted(
    connection: Connection, principal: Principal, scope: Scope, entry: Entry, at: datetime
) -> UUID:
    entry_id = history.append(connection, scope, entry, at)
    detail = {
        "scope": "store" if scope.store_id else "tenant",
        "backbone": entry.backbone,
        "before": entry.detector_before,
        "after": entry.detector_after,
        "reason": entry.reason,
        "replay_run": entry.replay_run,
        "is_automatic": entry.is_automatic,
    }
    audit.record(
        connection,
        principal,
        AUDITED[entry.action],
        scope.scope_id,
        detail,
        tenant_id=scope.tenant_id,
        at=at,
    )
    return entry_id
