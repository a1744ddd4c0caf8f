"""Deployments as they are shown: of the tenant and each store, with figures to compare them by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.judgements import LIVE
from services.api.access.stores import names
from services.api.access.tables import stores
from services.api.models import history, scopes
from services.api.models.builtin import BuiltIn
from services.api.models.deployment_views import (
    DeploymentView,
    FiguresView,
    IntervalView,
    LiveDetectorView,
    ShadowView,
)
from services.api.models.queries import cards_of
from services.api.models.scopes import Scope
from services.api.models.standing import Judged, Standing, standing
from services.api.models.tables import deployment_scopes, models
from services.api.principal import Principal
from services.rules.intervals import rate, wilson

Row = Mapping[Any, Any]
MOST_DAYS = timedelta(days=30)
"""Figures reach no further back."""


@dataclass(frozen=True)
class Described:
    """A detector, whoever named it, as lists show it."""

    name: str
    version: int
    model_ids: tuple[str, ...]
    is_built_in: bool = False


def deployments_of(
    connection: Connection, principal: Principal, builtins: Sequence[BuiltIn], now: datetime
) -> list[DeploymentView]:
    """The tenant's first, then each store's that the principal may see, by name."""
    overview = _Overview(connection, principal.home, builtins, now)
    found = [overview.deployment(Scope(principal.home))]
    found += [
        overview.deployment(Scope(principal.home, store.store_id), store.name)
        for store in names(connection, principal)
    ]
    return found


def deployment_of(
    connection: Connection, scope: Scope, builtins: Sequence[BuiltIn], now: datetime
) -> DeploymentView:
    """Of one scope, which the caller may see."""
    named = select(stores.c.name).where(stores.c.store_id == str(scope.store_id))
    name = connection.scalar(named) if scope.store_id else None
    return _Overview(connection, scope.tenant_id, builtins, now).deployment(scope, name)


class _Overview:
    """Reads what one answer needs, once."""

    def __init__(
        self, connection: Connection, tenant_id: UUID, builtins: Sequence[BuiltIn], now: datetime
    ) -> None:
        self._connection, self._now = connection, now
        self._above = Scope(tenant_id)
        self._builtins = builtins
        rows = connection.execute(select(models).where(models.c.tenant_id == str(tenant_id)))
        self._described = {
            built.detector: Described(built.name, 0, _ids(built.cards), is_built_in=True)
            for built in builtins
        }
        self._usable = set()
        for row in rows.mappings():
            found = Described(row["name"], row["version"], _ids(cards_of(row)))
            self._described[row["detector"]] = found
            if row["retired_at"] is None:
                self._usable.add(row["detector"])

    def deployment(self, scope: Scope, store: str | None = None) -> DeploymentView:
        here = deployment_scopes.c.scope_id == scope.scope_id
        row = self._connection.execute(select(deployment_scopes).where(here)).mappings().first()
        changed_at = row["changed_at"] if row else None
        return DeploymentView(
            store_id=scope.store_id,
            store=store,
            etag=f'"{scopes.version_of(changed_at)}"',
            live=tuple(self._live(scope)),
            shadows=tuple(self._shadows(scope)),
            changed_at=changed_at,
            is_announced=row is None or row["announced_at"] == row["changed_at"],
        )

    def _live(self, scope: Scope) -> list[LiveDetectorView]:
        """By backbone: of its own, else of the tenant, else what is built in."""
        found = {built.backbone: self._built_in(scope, built) for built in self._builtins}
        if scope != self._above:
            for row in scopes.deployed(self._connection, self._above):
                if row["run"] == LIVE:
                    found[row["backbone"]] = self._registered(scope, row, is_inherited=True)
        for row in scopes.deployed(self._connection, scope):
            if row["run"] == LIVE:
                found[row["backbone"]] = self._registered(scope, row, is_inherited=False)
        return [found[backbone] for backbone in sorted(found)]

    def _built_in(self, scope: Scope, built: BuiltIn) -> LiveDetectorView:
        return LiveDetectorView(
            backbone=built.backbone,
            detector=built.detector,
            name=built.name,
            version=0,
            is_built_in=True,
            is_inherited=scope != self._above,
            since=None,
            by="",
            budget_per_day=None,
            former_per_day=None,
            before=None,
            figures=self._figures(scope, built.backbone, built.detector, None),
        )

    def _registered(self, scope: Scope, row: Row, is_inherited: bool) -> LiveDetectorView:
        described = self._described[row["detector"]]
        owner = self._above if is_inherited else scope
        backbone = row["backbone"]
        return LiveDetectorView(
            backbone=backbone,
            detector=row["detector"],
            name=described.name,
            version=described.version,
            is_built_in=False,
            is_inherited=is_inherited,
            since=row["since_at"],
            by=row["since_by"],
            budget_per_day=row["budget_per_day"],
            former_per_day=row["former_per_day"],
            before=history.former_live(self._connection, owner, backbone, self._usable),
            figures=self._figures(scope, backbone, row["detector"], row["since_at"]),
        )

    def _figures(
        self, scope: Scope, backbone: str, detector: str, since: datetime | None
    ) -> FiguresView | None:
        earliest = self._now - MOST_DAYS
        since = max(since, earliest) if since else earliest
        judged = Judged(scope, backbone, detector, self._described[detector].model_ids)
        found = standing(self._connection, judged, since)
        return figures(found, since) if found.cameras else None

    def _shadows(self, scope: Scope) -> list[ShadowView]:
        return [
            ShadowView(
                run=row["run"],
                backbone=row["backbone"],
                detector=row["detector"],
                name=self._described[row["detector"]].name,
                version=self._described[row["detector"]].version,
                since=row["since_at"],
                by=row["since_by"],
            )
            for row in scopes.deployed(self._connection, scope)
            if row["run"] != LIVE
        ]


def figures(found: Standing, since: datetime) -> FiguresView:
    """With intervals, so that few alarms are not taken for much. Pure."""
    low, high = rate(found.alarms, found.camera_days)
    reviewed = found.judged_true + found.judged_false
    worst, best = wilson(found.judged_true, reviewed)
    return FiguresView(
        since=since,
        cameras=found.cameras,
        camera_days=found.camera_days,
        alarms=found.alarms,
        per_camera_day=IntervalView(
            value=found.alarms / found.camera_days if found.camera_days else None,
            low=low,
            high=high if isfinite(high) else None,
        ),
        reviewed_true=found.judged_true,
        reviewed_false=found.judged_false,
        precision=IntervalView(
            value=found.judged_true / reviewed if reviewed else None, low=worst, high=best
        ),
    )


def _ids(cards: Sequence[Any]) -> tuple[str, ...]:
    return tuple(card.model_id for card in cards)
