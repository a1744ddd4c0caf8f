"""Policies of tenants, stores and sources as they were entered, and what was announced of them."""

from alembic import op
from sqlalchemy import JSON, Column, String

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policies",
        Column("scope", exact_name(16), primary_key=True),
        Column("scope_id", identifier(), primary_key=True),
        Column("tenant_id", identifier()),
        Column("content", JSON, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("changed_by", String(255), nullable=False),
        **INNODB,
    )
    op.create_table(
        "policy_sets",
        Column("source_id", identifier(), primary_key=True),
        Column("snoozed_until", UtcDateTime),
        Column("snooze_changed_at", UtcDateTime),
        Column("source_at", UtcDateTime),
        Column("tenant_at", UtcDateTime),
        Column("store_at", UtcDateTime),
        Column("own_at", UtcDateTime),
        Column("hours_at", UtcDateTime),
        Column("snooze_at", UtcDateTime),
        Column("digest", exact_name(64), nullable=False),
        **INNODB,
    )


def downgrade() -> None:
    op.drop_table("policy_sets")
    op.drop_table("policies")
