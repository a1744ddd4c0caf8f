"""Calibrations of cameras, for whoever may see them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, exists, func, select

from schemas.calibrations import LearnedDay, VerdictTaken
from schemas.hours import StoreHours
from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores
from services.api.calibrations.tables import calibration_days, calibrations
from services.api.calibrations.views import (
    CalibrationPage,
    CameraCalibrationView,
    CameraMarksView,
    ModelCalibrationView,
)
from services.api.cursors import Cursor
from services.api.principal import Principal, visible
from services.api.tables import alerts, sources

ORDER = Order(sources.c.configured_at, sources.c.source_id)
OF_LATE_DAYS = 7
OF_MARKS = (
    "run model_id rule label budget_per_day entered by_days in_force furthest since drift "
    "drift_since changed_at"
)


class CalibrationsAsked(NamedTuple):
    """Who asks, and for which cameras: of one store only, of drifting ones only."""

    principal: Principal
    store_id: UUID | None = None
    only_drifting: bool = False


def calibration_page(
    connection: Connection,
    wanted: CalibrationsAsked,
    limit: int,
    after: Cursor | None,
    now: datetime,
) -> CalibrationPage:
    """Cameras of which something was learned, latest added first."""
    of_camera = calibrations.c.source_id == sources.c.source_id
    if wanted.only_drifting:
        of_camera = of_camera & calibrations.c.drift.is_not(None)
    query = _cameras(wanted.principal).where(exists().where(of_camera))
    if wanted.store_id:
        query = query.where(sources.c.store_id == str(wanted.store_id))
    rows, token = page(connection, query, ORDER, limit, after)
    found = _models(connection, [row["source_id"] for row in rows])
    counts = _alarms(connection, [row["source_id"] for row in rows], now)
    items = [_marks(row, model, counts) for row in rows for model in found[row["source_id"]]]
    return CalibrationPage(items=items, next=token)


def camera_calibration(
    connection: Connection, principal: Principal, source_id: UUID, since: date, now: datetime
) -> CameraCalibrationView | None:
    """With its days from `since` on; None for a camera that is not theirs to see."""
    name = str(source_id)
    query = _cameras(principal).where(sources.c.source_id == name)
    camera = connection.execute(query).mappings().first()
    if camera is None:
        return None
    days, counts = _days(connection, name, since), _alarms(connection, [name], now)
    hours = StoreHours.model_validate(camera["hours"] or {})
    return CameraCalibrationView(
        **_place(camera),
        time_zone=hours.time_zone,
        models=[
            ModelCalibrationView(
                **_fields(model, counts),
                days=[
                    LearnedDay.model_validate(dict(day)) for day in days if _key(day) == _key(model)
                ],
                verdicts=[VerdictTaken.model_validate(taken) for taken in model["verdicts"]],
            )
            for model in _models(connection, [name])[name]
        ],
    )


def _cameras(principal: Principal) -> Select[Any]:
    placed = sources.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    columns = (sources.c.source_id, sources.c.name, sources.c.store_id, sources.c.configured_at)
    query: Select[Any] = select(*columns, stores.c.name.label("store"), stores.c.hours)
    return query.select_from(placed).where(visible(principal), sources.c.source_kind == "camera")


def _models(connection: Connection, names: Sequence[str]) -> dict[str, list[Row]]:
    query = select(calibrations).where(calibrations.c.source_id.in_(names))
    found: dict[str, list[Row]] = {name: [] for name in names}
    for row in connection.execute(query.order_by(calibrations.c.run, calibrations.c.model_id)):
        found[row.source_id].append(row._mapping)
    return found


def _days(connection: Connection, name: str, since: date) -> Sequence[Row]:
    columns = calibration_days.c
    mine = columns.source_id == name, columns.day >= since
    query = select(calibration_days).where(*mine).order_by(columns.day)
    return connection.execute(query).mappings().all()


def _alarms(
    connection: Connection, names: Sequence[str], now: datetime
) -> Counter[tuple[str, ...]]:
    """How many incidents each model of a run raised of late."""
    columns = alerts.c
    group = columns.source_id, columns.run, columns.model_id
    recent = columns.started_at >= now - timedelta(days=OF_LATE_DAYS)
    query = select(*group, func.count()).where(
        columns.source_id.in_(names), recent, columns.kind == "incident"
    )
    rows: Iterable[Any] = connection.execute(query.group_by(*group)) if names else ()
    return Counter({(row[0], row[1], row[2]): row[3] for row in rows})


def _marks(camera: Row, model: Row, counts: Counter[tuple[str, ...]]) -> CameraMarksView:
    kinds = Counter(taken["kind"] for taken in model["verdicts"])
    return CameraMarksView(
        **_place(camera),
        **_fields(model, counts),
        false_alarms=kinds["false"],
        true_alarms=kinds["true"],
        missed_events=kinds["missed"],
    )


def _place(camera: Row) -> dict[str, Any]:
    names = "source_id store_id store"
    return {name: camera[name] for name in names.split()} | {"source": camera["name"]}


def _fields(model: Row, counts: Counter[tuple[str, ...]]) -> dict[str, Any]:
    count = counts[_key(model)]
    more = {"alarms_of_late": count, "alarms_a_day": round(count / OF_LATE_DAYS, 2)}
    return {name: model[name] for name in OF_MARKS.split()} | more


def _key(row: Row) -> tuple[str, ...]:
    return row["source_id"], row["run"], row["model_id"]
