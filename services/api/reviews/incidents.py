"""Incidents in the tables: the projector gives each alert its own, whatever order they come in.

What an alert changes, it changes for those that begin after it, up to the next one that is the
first of its incident now as it was before. A row a place is locked meanwhile: two projectors may
have two cameras of one store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, delete, func, or_, select, update

from schemas.judgements import LIVE
from services.api.reviews.grouping import LONGEST, Episode, Incident, Key, following
from services.api.reviews.tables import incident_places, incidents, reviews
from services.api.tables import alerts, sources
from services.api.upserts import keep, replace, upsert

Row = Mapping[Any, Any]
AT_ONCE = 200
RANKS = {"info": 0, "warning": 1, "critical": 2}


class Group(NamedTuple):
    """Alerts of different places, runs or kinds never belong together."""

    place_id: str
    run: str
    kind: str


@dataclass(frozen=True)
class Reading:
    """The alerts of one group, in order of their keys."""

    connection: Connection
    group: Group
    source_ids: Sequence[str]

    def from_key(self, key: Key) -> Iterator[Episode]:
        """Those that do not come before, a page at a time."""
        is_first = True
        while True:
            page = self._page(key, is_first)
            yield from page
            if len(page) < AT_ONCE:
                return
            key, is_first = page[-1].key, False

    def before(self, key: Key) -> Key | None:
        """The first alert of the latest incident that may still take one in at that key."""
        columns = incidents.c
        query = (
            select(columns.started_at, columns.incident_id)
            .where(
                columns.place_id == self.group.place_id,
                columns.run == self.group.run,
                columns.kind == self.group.kind,
                columns.started_at >= key.started_at - LONGEST,
                or_(
                    columns.started_at < key.started_at,
                    and_(
                        columns.started_at == key.started_at,
                        columns.incident_id < key.alert_id,
                    ),
                ),
            )
            .order_by(columns.started_at.desc(), columns.incident_id.desc())
            .limit(1)
        )
        row = self.connection.execute(query).first()
        return Key(row.started_at, row.incident_id) if row else None

    def _page(self, key: Key, with_key: bool) -> list[Episode]:
        columns = alerts.c
        same = columns.alert_id >= key.alert_id if with_key else columns.alert_id > key.alert_id
        query = (
            select(columns.alert_id, columns.started_at, columns.ended_at, columns.incident_id)
            .where(
                columns.run == self.group.run,
                columns.source_id.in_(self.source_ids),
                columns.kind == self.group.kind,
                columns.started_at >= key.started_at,
                or_(columns.started_at > key.started_at, same),
            )
            .order_by(columns.started_at, columns.alert_id)
            .limit(AT_ONCE)
        )
        rows = self.connection.execute(query)
        return [
            Episode(Key(row.started_at, row.alert_id), row.ended_at, row.incident_id)
            for row in rows
        ]


class Passage:
    """One way through a group: from the incident that the first changed key may join, up to an
    alert from which on nothing is other than it was.
    """

    def __init__(self, reading: Reading, changed: frozenset[Key], first: Key) -> None:
        self._reading, self._changed, self._first = reading, changed, first
        self.given: dict[str, list[str]] = {}
        """Alerts by the incident that they have now, and had not before."""
        self.touched: set[str] = set()

    def run(self) -> Key | None:
        """Where it ended; None: with the last alert."""
        incident: Incident | None = None
        for episode in self._reading.from_key(self._reading.before(self._first) or self._first):
            before, incident = incident, following(incident, episode)
            is_first = before is None or before.incident_id != incident.incident_id
            if is_first and episode.was_first and self._is_beyond(episode.key):
                return episode.key
            self._note(episode, incident.incident_id)
        return None

    def _is_beyond(self, key: Key) -> bool:
        return key > self._first and key not in self._changed

    def _note(self, episode: Episode, incident_id: str) -> None:
        is_other = episode.incident_id != incident_id
        if is_other or episode.key in self._changed:
            self.touched |= {name for name in (episode.incident_id, incident_id) if name}
        if is_other:
            self.given.setdefault(incident_id, []).append(episode.key.alert_id)


def places_of(connection: Connection, source_ids: Iterable[str]) -> dict[str, str]:
    """The store of each source; the source itself where it has none."""
    columns = sources.c
    query = select(columns.source_id, columns.store_id).where(
        columns.source_id.in_(sorted(set(source_ids)))
    )
    return {row.source_id: row.store_id or row.source_id for row in connection.execute(query)}


def group(connection: Connection, written: Sequence[Row], before: Mapping[str, str]) -> None:
    """Give the alerts that were written, and those that they touch, their incidents. `before` are
    the places that sources had which were configured since.
    """
    after = places_of(connection, [*(row["source_id"] for row in written), *before])
    changed: dict[Group, set[Key]] = {}
    for row in written:
        of_row = Group(after[row["source_id"]], row["run"], row["kind"])
        changed.setdefault(of_row, set()).add(Key(row["started_at"], row["alert_id"]))
    moved = {name: place for name, place in before.items() if after.get(name, place) != place}
    for name, place in moved.items():
        for of_source, key in _keys(connection, name):
            for group_id in (place, after[name]):
                changed.setdefault(of_source._replace(place_id=group_id), set()).add(key)
    if changed:
        _lock(connection, {one.place_id for one in changed})
    touched: set[str] = set()
    for one, keys in sorted(changed.items()):
        touched |= _regroup(connection, one, sorted(keys))
    _count(connection, touched)


def recount(connection: Connection, incident_ids: Iterable[str | None]) -> None:
    """What is said of incidents, after verdicts, or after alerts of them went away."""
    names = {name for name in incident_ids if name}
    if not names:
        return
    query = select(incidents.c.place_id).where(incidents.c.incident_id.in_(sorted(names)))
    _lock(connection, set(connection.scalars(query)))
    _count(connection, names)


def _keys(connection: Connection, source_id: str) -> list[tuple[Group, Key]]:
    """All alerts of a source that has moved."""
    query = select(alerts.c.run, alerts.c.kind, alerts.c.started_at, alerts.c.alert_id)
    rows = connection.execute(query.where(alerts.c.source_id == source_id))
    return [(Group("", row.run, row.kind), Key(row.started_at, row.alert_id)) for row in rows]


def _lock(connection: Connection, place_ids: Iterable[str]) -> None:
    rows = [{"place_id": place_id} for place_id in sorted(place_ids)]
    upsert(connection, incident_places, rows, {"place_id": keep})


def _regroup(connection: Connection, one: Group, keys: Sequence[Key]) -> set[str]:
    """The incidents that are other than they were."""
    is_here = or_(
        sources.c.store_id == one.place_id,
        and_(sources.c.store_id.is_(None), sources.c.source_id == one.place_id),
    )
    names = list(connection.scalars(select(sources.c.source_id).where(is_here)))
    reading, pending = Reading(connection, one, names), list(keys)
    touched: set[str] = set()
    while pending:
        passage = Passage(reading, frozenset(keys), pending[0])
        end = passage.run()
        _give(connection, passage.given)
        touched |= passage.touched
        pending = [key for key in pending if end is not None and key > end]
    return touched


def _give(connection: Connection, given: Mapping[str, Sequence[str]]) -> None:
    for incident_id, alert_ids in given.items():
        theirs = alerts.c.alert_id.in_(alert_ids)
        connection.execute(update(alerts).where(theirs).values(incident_id=incident_id))


def _count(connection: Connection, incident_ids: Iterable[str]) -> None:
    """Write what the incidents are now; those without alerts are none any more."""
    names = sorted(incident_ids)
    if not names:
        return
    rows = [_row(row) for row in connection.execute(_sums(names)).mappings()]
    left = {row["incident_id"] for row in rows}
    gone = [name for name in names if name not in left]
    if gone:
        connection.execute(delete(incidents).where(incidents.c.incident_id.in_(gone)))
    columns = [name for name in (rows[0] if rows else {}) if name != "incident_id"]
    upsert(connection, incidents, rows, dict.fromkeys(columns, replace))


def _sums(names: Sequence[str]) -> Any:
    together = alerts.join(sources, sources.c.source_id == alerts.c.source_id)
    together = together.outerjoin(reviews, reviews.c.alert_id == alerts.c.alert_id)
    counts = and_(alerts.c.run == LIVE, alerts.c.kind == "incident", reviews.c.verdict.is_(None))
    rank = case(RANKS, value=alerts.c.severity, else_=0)
    return (
        select(
            alerts.c.incident_id,
            func.min(func.coalesce(sources.c.store_id, sources.c.source_id)).label("place_id"),
            func.min(alerts.c.run).label("run"),
            func.min(alerts.c.kind).label("kind"),
            func.min(sources.c.tenant_id).label("tenant_id"),
            func.min(sources.c.store_id).label("store_id"),
            func.max(rank).label("severity_rank"),
            func.min(alerts.c.started_at).label("started_at"),
            func.max(alerts.c.ended_at).label("ended_at"),
            func.count().label("alert_count"),
            func.count(alerts.c.source_id.distinct()).label("source_count"),
            func.sum(case((counts, 1), else_=0)).label("unjudged"),
        )
        .select_from(together)
        .where(alerts.c.incident_id.in_(names))
        .group_by(alerts.c.incident_id)
    )


def _row(sums: Row) -> dict[str, Any]:
    unjudged = int(sums["unjudged"])
    return dict(sums) | {"unjudged": unjudged, "is_waiting": unjudged > 0}
