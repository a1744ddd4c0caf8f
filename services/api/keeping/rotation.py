"""Rotation of the secret key: whatever the tables hold sealed is sealed anew with the first key
(ADR 0040).

May be broken off and repeated: what the first key opens is left as it is, and a row that somebody
changes meanwhile is theirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Table, and_, func, select, tuple_, update

from services.api.access.credentials import idempotent_requests, second_factors
from services.api.keeping.views import RotationView
from services.api.signon.tables import single_sign_ons
from services.api.tables import cameras
from services.api.targets.tables import targets
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.storage.database import transaction
from services.chassis.webpush import webpush_keys

AT_ONCE = 200
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class SealedTable:
    """Which columns of a table are sealed; `is_announced`: a topic has them too, and is told."""

    table: Table
    columns: tuple[str, ...]
    is_announced: bool = False


SEALED = (
    SealedTable(cameras, ("credentials",), is_announced=True),
    SealedTable(targets, ("address", "secrets"), is_announced=True),
    SealedTable(second_factors, ("secret",)),
    SealedTable(single_sign_ons, ("client_secret",)),
    SealedTable(idempotent_requests, ("body",)),
    SealedTable(webpush_keys, ("sealed",)),
)


def rotate(engine: Engine, sealing: Sealing) -> RotationView:
    """Seal anew what needs it. Raises SealingFault without a key, and TransientError."""
    if not sealing.has_key:
        raise SealingFault("There is no NIGHTCLERK_SECRET_KEY, so nothing is sealed.")
    renewed: dict[str, int] = {}
    lost: list[str] = []
    for sealed in SEALED:
        for row in _rows(engine, sealed.table):
            name = f"{sealed.table.name} {' '.join(map(str, _key(sealed.table, row)))}"
            try:
                values = _renewed(sealing, sealed, row)
            except SealingFault:
                lost.append(name)
                continue
            if values and _write(engine, sealed, row, values):
                renewed[sealed.table.name] = renewed.get(sealed.table.name, 0) + 1
    return RotationView(renewed=renewed, lost=lost, waiting=_waiting(engine))


def _renewed(sealing: Sealing, sealed: SealedTable, row: Row) -> dict[str, bytes]:
    """Raises SealingFault for what no key opens."""
    return {
        name: sealing.renewed(row[name])
        for name in sealed.columns
        if row[name] is not None and not sealing.is_current(row[name])
    }


def _rows(engine: Engine, table: Table) -> Iterator[Row]:
    keys = list(table.primary_key)
    query = select(table).order_by(*keys).limit(AT_ONCE)
    after: tuple[Any, ...] | None = None
    while True:
        page = query if after is None else query.where(tuple_(*keys) > tuple_(*after))
        with transaction(engine) as connection:
            rows = connection.execute(page).mappings().all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = _key(table, rows[-1])


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _write(engine: Engine, sealed: SealedTable, row: Row, values: dict[str, Any]) -> bool:
    """False where somebody changed the row since it was read: then it is sealed with the first."""
    table = sealed.table
    as_read = [table.c[name] == row[name] for name in values]
    mine = [column == row[column.name] for column in table.primary_key]
    told = {"announced_at": None} if sealed.is_announced else {}
    with transaction(engine) as connection:
        changed = connection.execute(
            update(table).where(and_(*mine, *as_read)).values(values | told)
        )
    return changed.rowcount > 0


def _waiting(engine: Engine) -> int:
    with transaction(engine) as connection:
        return sum(
            connection.scalar(
                select(func.count())
                .select_from(each.table)
                .where(each.table.c.announced_at.is_(None))
            )
            or 0
            for each in SEALED
            if each.is_announced
        )
