"""The tables of calibrations: a projection of `calibrations.v1` (ADR 0052). Days are kept longer
than the messages tell of them, so that a page may show months.
"""

from sqlalchemy import JSON, Column, Date, Double, Index, Integer, String, Table

from services.api.tables import RUN_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

MODEL_CHARS = 128

calibrations = Table(
    "calibrations",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("run", exact_name(RUN_CHARS), primary_key=True),
    Column("model_id", exact_name(MODEL_CHARS), primary_key=True),
    Column("rule", String(128), nullable=False),
    Column("label", String(128), nullable=False),
    Column("budget_per_day", Double),
    Column("entered", Double, nullable=False),
    Column("by_days", Double, nullable=False),
    Column("in_force", Double, nullable=False),
    Column("furthest", Double, nullable=False),
    Column("since", Date),
    Column("verdicts", JSON, nullable=False),
    Column("drift", exact_name(16)),
    Column("drift_since", Date),
    Column("changed_at", UtcDateTime, nullable=False),
    **INNODB,
)
"""What is learned of the models that judge a camera now. `verdicts` are VerdictTaken's."""

calibration_days = Table(
    "calibration_days",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("run", exact_name(RUN_CHARS), primary_key=True),
    Column("model_id", exact_name(MODEL_CHARS), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("level", Double),
    Column("usual", Double, nullable=False),
    Column("alarms", Integer, nullable=False),
    Column("mark", Double, nullable=False),
    Index("ix_calibration_days_day", "day"),
    **INNODB,
)
"""A day (UTC) of a model at a camera, see LearnedDay."""

BY_SOURCE: tuple[Table, ...] = (calibrations, calibration_days)
"""What goes with its source."""
