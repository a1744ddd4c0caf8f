"""Calibrations of cameras, and their days."""

from alembic import op
from sqlalchemy import JSON, Column, Date, Double, Integer, String

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calibrations",
        Column("source_id", identifier(), primary_key=True),
        Column("run", exact_name(64), primary_key=True),
        Column("model_id", exact_name(128), primary_key=True),
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
    op.create_table(
        "calibration_days",
        Column("source_id", identifier(), primary_key=True),
        Column("run", exact_name(64), primary_key=True),
        Column("model_id", exact_name(128), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("level", Double),
        Column("usual", Double, nullable=False),
        Column("alarms", Integer, nullable=False),
        Column("mark", Double, nullable=False),
        **INNODB,
    )
    op.create_index("ix_calibration_days_day", "calibration_days", ["day"])


def downgrade() -> None:
    op.drop_table("calibration_days")
    op.drop_table("calibrations")
