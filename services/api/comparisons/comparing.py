"""Two runs beside one another, over the sources that the principal may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, select

from schemas.judgements import LIVE
from services.api.access.tables import stores
from services.api.comparisons import labels
from services.api.comparisons.agreement import (
    Figure,
    Stretch,
    agreement,
    area,
    events_of,
    non_events_of,
)
from services.api.comparisons.changes import Changes, Raised, changes
from services.api.comparisons.minutes import EDGES, MINUTE, Disagreement, Minutes, minutes
from services.api.comparisons.reading import Side, sides
from services.api.comparisons.views import (
    AlertSideView,
    ChangesView,
    ChangeView,
    ComparisonView,
    DisagreementView,
    DistributionView,
    ShareView,
    SideView,
    StoreComparisonView,
    StoreSideView,
)
from services.api.learning.marking import missed_between
from services.api.principal import Principal, visible
from services.api.replays.counting import seconds_scored
from services.api.replays.queries import is_hidden, judged, sources_of
from services.api.scores.reading import Span
from services.api.tables import runs, sources
from services.rules.intervals import poisson

DAY_S = 86_400.0
SHOWN = 200
USUAL = timedelta(days=7)
"""Of a run that was asked for no stretch: so much of it at most."""
Row = Mapping[Any, Any]


class EmptyStretch(Exception):
    """The stretch that is left ends before it begins."""


@dataclass(frozen=True)
class Asked:
    """Which runs, over which stretch; None: that of the run, its latest week at most."""

    run: str
    against: str = LIVE
    since: datetime | None = None
    until: datetime | None = None
    store_id: str | None = None


def comparison_of(
    connection: Connection, principal: Principal, run: str, against: str = LIVE
) -> dict[str, Any] | None:
    """That of a run over its own stretch, to be kept. None for one that is unknown or not theirs.

    Raises TooManyAlerts.
    """
    found = compare(connection, principal, Asked(run, against))
    return found.model_dump(mode="json") if found else None


def compare(connection: Connection, principal: Principal, asked: Asked) -> ComparisonView | None:
    """None for a run that nothing of theirs was judged by, and where either is a replay that they
    may not see. Raises TooManyAlerts, EmptyStretch.
    """
    if any(is_hidden(connection, principal, run) for run in (asked.run, asked.against)):
        return None
    replay = judged(connection, principal, asked.run)
    wanted = sources_of(connection, asked.run) if replay else None
    rows = _sources(connection, principal, asked, wanted)
    if not rows:
        return None
    own = Span(replay.since, replay.until) if replay else _latest(rows)
    span = Span(asked.since or own.since, asked.until or own.until)
    if span.until <= span.since:
        raise EmptyStretch
    missed = missed_between(connection, principal, span)
    return _Comparison(connection, rows, asked, span, missed).view()


def _sources(
    connection: Connection, principal: Principal, asked: Asked, wanted: Sequence[str] | None
) -> dict[str, Row]:
    """By id, with the names of their stores, and from when to when the run saw each."""
    mine = (runs.c.source_id == sources.c.source_id) & (runs.c.run == asked.run)
    together = sources.outerjoin(runs, mine)
    together = together.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    query = (
        select(sources, stores.c.name.label("store"), runs.c.first_at, runs.c.last_at)
        .select_from(together)
        .where(visible(principal))
    )
    if wanted is None:
        query = query.where(runs.c.last_at.is_not(None))
    if asked.store_id:
        query = query.where(sources.c.store_id == asked.store_id)
    rows: dict[str, Row] = {}
    for row in connection.execute(query).mappings():
        rows[row["source_id"]] = row
    return rows if wanted is None else {name: rows[name] for name in wanted if name in rows}


def _stretch(row: Row) -> Stretch:
    return Stretch(row["source_id"], row["since_at"], row["until_at"])


def _latest(rows: Mapping[str, Row]) -> Span:
    """What the run saw, so that another that went on before and after is not held against it."""
    until = max(row["last_at"] for row in rows.values()) + timedelta(seconds=2)
    return Span(max(until - USUAL, min(row["first_at"] for row in rows.values())), until)


class _Comparison:
    """What is read once, for all parts of the view."""

    def __init__(
        self,
        connection: Connection,
        rows: Mapping[str, Row],
        asked: Asked,
        span: Span,
        missed: Iterable[Row],
    ) -> None:
        """`missed`: what people reported that no alert told of; it counts where one of the two
        looks for it.
        """
        self._connection, self._rows, self._span = connection, rows, span
        self._names = sorted(rows)
        both = asked.run, asked.against
        self._run, self._against = sides(connection, self._names, both, span)
        self._seconds = [seconds_scored(connection, self._names, span, run) for run in both]
        self._changes = changes(self._run.alerts, self._against.alerts)
        reviewed = [each for side in self._sides for each in side.alerts]
        self._judged = [each for each in reviewed if each.verdict is not None]
        rules = {found.series.rule for side in self._sides for found in side.series}
        reported = [
            _stretch(each)
            for each in missed
            if each["source_id"] in rows and each["label"] in rules
        ]
        self._events = events_of(self._judged, reported)
        self._quiet = non_events_of(self._judged, self._events)

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self._run, self._against

    def view(self) -> ComparisonView:
        found = minutes(self._connection, self._run, self._against, self._span)
        run, against = (self._side(place) for place in range(2))
        return ComparisonView(
            run=run,
            against=against,
            since=self._span.since,
            until=self._span.until,
            sources=len(self._names),
            same=len(self._changes.same),
            gained=self._shown((each, None) for each in self._changes.gained),
            lost=self._shown((None, each) for each in self._changes.lost),
            moved=self._shown(self._changes.moved),
            stores=self._stores(),
            distributions=_distributions(found),
            disagreements=[self._disagreement(each) for each in found.disagreements],
        )

    def _side(self, place: int) -> SideView:
        side, seconds = self._sides[place], self._seconds[place]
        found = agreement(side.alerts, self._judged, self._events)
        tops = [
            labels.tops(self._connection, side, stretches)
            for stretches in (self._events, self._quiet)
        ]
        auc = area(*tops)
        return SideView(
            run=side.run,
            detector=", ".join(side.detectors) or None,
            reviewed_true=found.true,
            reviewed_false=found.false,
            precision=_share(found.precision),
            recall=_share(found.recall),
            missed=found.missed,
            auc=_share(auc) if auc else None,
            **_alarms(len(side.alerts), sum(seconds.values())),
        )

    def _stores(self) -> list[StoreComparisonView]:
        groups: dict[tuple[str | None, str | None], set[str]] = {}
        for name, row in self._rows.items():
            groups.setdefault((row["store_id"], row["store"]), set()).add(name)
        return [
            self._store(store_id, store, groups[store_id, store])
            for store_id, store in sorted(groups, key=lambda one: (one[1] or "", one[0] or ""))
        ]

    def _store(
        self, store_id: str | None, store: str | None, names: set[str]
    ) -> StoreComparisonView:
        run, against = (
            StoreSideView(
                **_alarms(
                    sum(alert.source_id in names for alert in side.alerts),
                    sum(lasts for name, lasts in seconds.items() if name in names),
                )
            )
            for side, seconds in zip(self._sides, self._seconds, strict=True)
        )
        found: Changes = self._changes
        return StoreComparisonView(
            store_id=store_id,
            store=store,
            run=run,
            against=against,
            gained=sum(each.source_id in names for each in found.gained),
            lost=sum(each.source_id in names for each in found.lost),
            moved=sum(each.source_id in names for each, _ in found.moved),
        )

    def _shown(self, pairs: Iterable[tuple[Raised | None, Raised | None]]) -> ChangesView:
        found = list(pairs)
        return ChangesView(count=len(found), items=[self._change(*pair) for pair in found[:SHOWN]])

    def _change(self, ours: Raised | None, theirs: Raised | None) -> ChangeView:
        either = ours or theirs
        assert either is not None
        return ChangeView(
            rule=either.rule,
            label=either.label,
            run=_alert(ours),
            against=_alert(theirs),
            player=self._player(either.source_id, either.started_at, either.start_s),
            **self._of_source(either.source_id),
        )

    def _disagreement(self, found: Disagreement) -> DisagreementView:
        said = {name: value for name, value in asdict(found).items() if name != "source_id"}
        return DisagreementView(
            until=found.since + MINUTE,
            player=self._player(found.source_id, found.since, found.start_s),
            **said | self._of_source(found.source_id),
        )

    def _of_source(self, name: str) -> dict[str, Any]:
        row = self._rows[name]
        same = {key: row[key] for key in ("source_id", "source_kind", "store_id", "store")}
        return same | {"source_name": row["name"]}

    def _player(self, name: str, at: datetime, start_s: float) -> str:
        """Where the dashboard shows that moment."""
        if self._rows[name]["source_kind"] == "upload":
            return f"/videos/{name}?t={start_s:.1f}"
        return f"/cameras/{name}?at={quote(at.isoformat().replace('+00:00', 'Z'), safe=':')}"


def _alarms(count: int, seconds: float) -> dict[str, Any]:
    days = seconds / DAY_S
    low, high = poisson(count)
    rate = Figure(count / days, low / days, high / days) if days else Figure(None, 0.0, 0.0)
    return {"alerts": count, "camera_days": days, "alarms_per_camera_day": _share(rate)}


def _share(found: Figure) -> ShareView:
    return ShareView(value=found.value, low=found.low, high=found.high)


def _alert(found: Raised | None) -> AlertSideView | None:
    return AlertSideView.model_validate(asdict(found)) if found else None


def _distributions(found: Minutes) -> list[DistributionView]:
    return [
        DistributionView(
            rule=each.rule,
            label=each.label,
            edges=list(EDGES),
            run=each.run_N.tolist(),
            against=each.against_N.tolist(),
        )
        for each in found.distributions
    ]
