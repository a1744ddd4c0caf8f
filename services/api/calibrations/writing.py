"""Calibrations into their tables. The message is the whole of a source: the latest one counts."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, or_

from schemas.calibrations import ModelCalibration, SourceCalibrated
from services.api.calibrations.tables import calibration_days, calibrations
from services.api.upserts import replace, upsert

Row = dict[str, Any]
OF_MODEL = "run model_id rule label budget_per_day entered by_days in_force furthest since drift"
RULES = {column.name: replace for column in calibrations.columns if not column.primary_key}
DAY_RULES = dict.fromkeys(("level", "usual", "alarms", "mark"), replace)


def write_calibrations(connection: Connection, messages: Sequence[SourceCalibrated]) -> None:
    """In the order of the topic: a topic that is read again ends with the same rows."""
    latest = {str(message.source_id): message for message in messages}
    for source_id in sorted(latest):
        _write(connection, source_id, latest[source_id])
    days = [day for message in messages for day in _days(message)]
    upsert(connection, calibration_days, days, DAY_RULES)


def _write(connection: Connection, source_id: str, message: SourceCalibrated) -> None:
    columns = calibrations.c
    named = [
        and_(columns.run == model.run, columns.model_id == model.model_id)
        for model in message.models
    ]
    gone = ~or_(*named) if named else columns.run.is_not(None)
    connection.execute(delete(calibrations).where(columns.source_id == source_id, gone))
    upsert(connection, calibrations, list(_models(message)), RULES)


def _models(message: SourceCalibrated) -> Iterator[Row]:
    for model in message.models:
        yield _key(message, model) | {
            **{name: getattr(model, name) for name in OF_MODEL.split()},
            "label": model.label[:128],
            "drift_since": model.drift_since,
            "verdicts": [taken.model_dump(mode="json") for taken in model.verdicts],
            "changed_at": message.changed_at,
        }


def _days(message: SourceCalibrated) -> Iterator[Row]:
    for model in message.models:
        for day in model.days:
            yield _key(message, model) | {
                name: getattr(day, name) for name in ("day", "level", "usual", "alarms", "mark")
            }


def _key(message: SourceCalibrated, model: ModelCalibration) -> Row:
    return {
        "source_id": str(message.source_id),
        "run": model.run,
        "model_id": model.model_id,
    }
