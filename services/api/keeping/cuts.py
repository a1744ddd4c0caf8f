"""Which rows are too old, by whose rules: conditions on tables whose rows have a source.

The machine's settings cut all rows; rules of tenants and stores cut their own sources earlier.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from services.api.access.tables import tenants
from services.api.config import Keeping
from services.api.keeping.rules import (
    GB,
    Kind,
    RetentionRules,
    machine_days,
    machine_gb,
)
from services.api.keeping.tables import retention_rules
from services.api.tables import sources


@dataclass(frozen=True)
class Cut:
    """Rows of those sources that are older than the moment go. None: of all sources."""

    before: datetime
    of_sources: ColumnElement[bool] | None = None

    def of(self, source_id: Any) -> ColumnElement[bool] | None:
        """The condition on a column of source ids; None where the cut is for all."""
        if self.of_sources is None:
            return None
        condition: ColumnElement[bool] = source_id.in_(
            select(sources.c.source_id).where(self.of_sources)
        )
        return condition

    def old(self, source_id: Any, moment: Any) -> ColumnElement[bool]:
        """The condition under which a row is to go, by its source and its moment."""
        mine, is_old = self.of(source_id), moment < self.before
        return is_old if mine is None else and_(mine, is_old)


@dataclass(frozen=True)
class SizeBound:
    """So many bytes of those sources may lie in the store."""

    of_sources: ColumnElement[bool]
    most_bytes: int


@dataclass(frozen=True)
class Layer:
    """The rules of one tenant or store."""

    scope: str
    scope_id: str
    tenant_id: UUID
    rules: RetentionRules


def layers(connection: Connection) -> list[Layer]:
    rows = connection.execute(select(retention_rules)).mappings()
    return [
        Layer(
            row["scope"],
            row["scope_id"],
            UUID(row["tenant_id"]),
            RetentionRules.model_validate(row["content"]),
        )
        for row in rows
    ]


def cuts(
    keeping: Keeping, of: Sequence[Layer], kind: Kind, now: datetime, least: Kind | None = None
) -> Iterator[Cut]:
    """For rows of a kind. With `least` they go once rows of that kind are too old as well."""
    if (machine := _longer(_machine(keeping, kind), least and _machine(keeping, least))) != _EVER:
        yield Cut(now - timedelta(days=machine))
    for layer in of:
        own = layer.rules.days(kind)
        if own is None:
            continue
        days = min(own, _machine(keeping, kind))
        if least is not None:
            own_least = layer.rules.days(least)
            days = max(days, _machine(keeping, least) if own_least is None else own_least)
        if days < machine:
            yield Cut(now - timedelta(days=days), _of(layer, of, kind))


_EVER = float("inf")


def _machine(keeping: Keeping, kind: Kind) -> float:
    days = machine_days(keeping, kind)
    return _EVER if days is None else days


def _longer(days: float, other: float | None) -> float:
    return days if other is None else max(days, other)


def _of(layer: Layer, layers: Sequence[Layer], kind: Kind) -> ColumnElement[bool]:
    """The sources for which the layer is the nearest that says something of the kind."""
    if layer.scope == "store":
        return sources.c.store_id == layer.scope_id
    nearer = [
        each.scope_id
        for each in layers
        if each.scope == "store"
        and str(each.tenant_id) == layer.scope_id
        and each.rules.days(kind) is not None
    ]
    mine = sources.c.tenant_id == layer.scope_id
    if not nearer:
        return mine
    return and_(mine, or_(sources.c.store_id.is_(None), sources.c.store_id.not_in(nearer)))


def size_bounds(
    connection: Connection, keeping: Keeping, of: Sequence[Layer], kind: Kind
) -> Iterator[SizeBound]:
    """Of each tenant as a whole, and of each store that has a rule of its own."""
    by_tenant: dict[str, float] = {}
    if (most := machine_gb(keeping, kind)) is not None:
        by_tenant = dict.fromkeys(connection.scalars(select(tenants.c.tenant_id)), most)
    for layer in of:
        if (own := layer.rules.gb(kind)) is None:
            continue
        if layer.scope == "tenant":
            by_tenant[layer.scope_id] = min(own, by_tenant.get(layer.scope_id, own))
        else:
            yield SizeBound(sources.c.store_id == layer.scope_id, round(own * GB))
    for tenant_id, gb in by_tenant.items():
        yield SizeBound(sources.c.tenant_id == tenant_id, round(gb * GB))
