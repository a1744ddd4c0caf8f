"""Replays as far as the principal may see them: those of their tenant, none of whose sources is
hidden from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, not_, select, true

from services.api.access.paging import Order, page
from services.api.cursors import Cursor
from services.api.principal import Principal, of_tenant, visible
from services.api.replays.tables import replay_sources, replays
from services.api.replays.views import ExtractionView, ReplayPage, ReplayView
from services.api.tables import sources

Row = Mapping[Any, Any]
FINISHED = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Judged:
    """What a run judged again, and by which detector."""

    detector: str
    is_built_in: bool
    state: str
    since: datetime
    until: datetime
    source_count: int

    @property
    def is_done(self) -> bool:
        return self.state == "done"


def seen(principal: Principal) -> ColumnElement[bool]:
    """The condition on `replays` under which the principal may know of one."""
    return and_(
        replays.c.removed_at.is_(None),
        of_tenant(principal, replays.c.tenant_id),
        _all_visible(principal),
    )


def replay_row(
    connection: Connection, principal: Principal, run: str, is_locked: bool = False
) -> Row | None:
    query = select(replays).where(seen(principal), replays.c.run == run)
    if is_locked:
        query = query.with_for_update()
    return connection.execute(query).mappings().first()


def replay(connection: Connection, principal: Principal, run: str) -> ReplayView | None:
    row = replay_row(connection, principal, run)
    return view_of(row) if row else None


def replay_page(
    connection: Connection, principal: Principal, limit: int, after: Cursor | None
) -> ReplayPage:
    """Latest asked for first."""
    order = Order(replays.c.requested_at, replays.c.run)
    rows, token = page(connection, select(replays).where(seen(principal)), order, limit, after)
    return ReplayPage(items=[view_of(row) for row in rows], next=token)


def judged(connection: Connection, principal: Principal, run: str) -> Judged | None:
    """None for a run that is no replay, or not theirs to see."""
    row = replay_row(connection, principal, run)
    if row is None:
        return None
    return Judged(
        row["detector"],
        row["package"] is None,
        row["state"],
        row["since_at"],
        row["until_at"],
        row["source_count"],
    )


def is_hidden(connection: Connection, principal: Principal, run: str) -> bool:
    """Whether it is a replay that was removed, or is not theirs to see."""
    query = select(replays.c.run).where(replays.c.run == run, not_(seen(principal)))
    return connection.scalar(query) is not None


def sources_of(connection: Connection, run: str) -> list[str]:
    """Ids, in order."""
    query = select(replay_sources.c.source_id).where(replay_sources.c.run == run)
    return list(connection.scalars(query.order_by(replay_sources.c.source_id)))


def view_of(row: Row) -> ReplayView:
    """Of a row of `replays`."""
    same = {name: row[name] for name in ReplayView.model_fields if name in row}
    extraction = ExtractionView.model_validate(row["extraction"]) if row["extraction"] else None
    return ReplayView(
        **same
        | {
            "is_built_in": row["package"] is None,
            "since": row["since_at"],
            "until": row["until_at"],
            "rate": _rate(row["windows"], row["elapsed_s"]),
            "extraction": extraction,
        }
        | _way(row, extraction)
    )


def _way(row: Row, extraction: ExtractionView | None) -> dict[str, float | None]:
    """How far it is, and how long it takes still: of embedding anew while that is at work, of
    judging before and after.
    """
    if row["state"] == "done":
        return {"share": 1.0, "eta_s": None}
    done, of, elapsed_s = row["windows"], row["windows_planned"], row["elapsed_s"]
    if row["state"] == "extracting" and extraction:
        done, of = extraction.seconds, extraction.seconds_planned
        elapsed_s = extraction.elapsed_s
    rate, is_moving = _rate(done, elapsed_s), row["state"] in ("running", "extracting")
    return {
        "share": min(1.0, done / of) if of else 0.0,
        "eta_s": max(0.0, of - done) / rate if is_moving and rate else None,
    }


def _rate(done: float, elapsed_s: float) -> float | None:
    return done / elapsed_s if done and elapsed_s > 0 else None


def _all_visible(principal: Principal) -> ColumnElement[bool]:
    """Whoever sees all of the tenant's stores need not be asked source by source."""
    if principal.tenant_id is None or principal.store_ids is None:
        return true()
    of_replay = replay_sources.c.run == replays.c.run
    theirs = select(sources.c.source_id).where(visible(principal))
    return and_(
        exists().where(of_replay),
        ~exists().where(of_replay, replay_sources.c.source_id.not_in(theirs)),
    )
