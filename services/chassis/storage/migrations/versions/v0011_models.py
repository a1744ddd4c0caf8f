"""Detectors that are registered, where they are deployed, and how that came about."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Integer, String

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    exact_name,
    exact_text,
    identifier,
    object_key,
)

revision = "0011"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "models",
        Column("tenant_id", identifier(), primary_key=True),
        Column("detector", exact_name(64), primary_key=True),
        Column("name", exact_text(255), nullable=False),
        Column("version", Integer, nullable=False),
        Column("cards", JSON, nullable=False),
        Column("sha256", exact_name(64), nullable=False),
        Column("size_bytes", BigInteger, nullable=False),
        Column("object_key", object_key(), nullable=False),
        Column("note", String(1000), nullable=False),
        Column("registered_at", UtcDateTime, nullable=False),
        Column("registered_by", String(255), nullable=False),
        Column("retired_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_models_registered", "models", ["tenant_id", "registered_at", "detector"])
    op.create_index("ix_models_version", "models", ["tenant_id", "name", "version"], unique=True)
    _deployments()
    _history()


def _deployments() -> None:
    op.create_table(
        "deployment_scopes",
        Column("scope_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("store_id", identifier()),
        Column("is_removed", Boolean, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("announced_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_deployment_scopes_tenant", "deployment_scopes", ["tenant_id"])
    announced = ["announced_at", "changed_at"]
    op.create_index("ix_deployment_scopes_announced", "deployment_scopes", announced)
    op.create_table(
        "deployments",
        Column("scope_id", identifier(), primary_key=True),
        Column("run", exact_name(64), primary_key=True),
        Column("backbone", exact_name(64), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("detector", exact_name(64), nullable=False),
        Column("since_at", UtcDateTime, nullable=False),
        Column("since_by", String(255), nullable=False),
        Column("budget_per_day", Double),
        Column("former_per_day", Double),
        **INNODB,
    )
    op.create_index("ix_deployments_detector", "deployments", ["tenant_id", "detector"])


def _history() -> None:
    op.create_table(
        "deployment_history",
        Column("entry_id", identifier(), primary_key=True),
        Column("scope_id", identifier(), nullable=False),
        Column("tenant_id", identifier(), nullable=False),
        Column("store_id", identifier()),
        Column("action", exact_name(16), nullable=False),
        Column("is_automatic", Boolean, nullable=False),
        Column("run", exact_name(64), nullable=False),
        Column("backbone", exact_name(64), nullable=False),
        Column("detector_before", exact_name(64)),
        Column("detector_after", exact_name(64)),
        Column("happened_at", UtcDateTime, nullable=False),
        Column("happened_by", String(255), nullable=False),
        Column("reason", String(1000), nullable=False),
        Column("replay_run", exact_name(64)),
        Column("comparison", JSON),
        Column("notified_at", UtcDateTime),
        **INNODB,
    )
    table = "deployment_history"
    op.create_index("ix_deployment_history_scope", table, ["scope_id", "happened_at", "entry_id"])
    op.create_index("ix_deployment_history_tenant", table, ["tenant_id", "happened_at", "entry_id"])
    op.create_index("ix_deployment_history_notified", table, ["is_automatic", "notified_at"])


def downgrade() -> None:
    for name in ("deployment_history", "deployments", "deployment_scopes", "models"):
        op.drop_table(name)
