"""What people made of alerts: reviews, comments, incidents."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, Integer, SmallInteger, String

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _reviews()
    _comments()
    _incidents()
    _tickets()


def downgrade() -> None:
    op.drop_index("ix_alerts_incident", "alerts")
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_column("incident_id")
    for name in (
        "acknowledge_tickets",
        "incident_places",
        "incidents",
        "comments",
        "review_history",
        "reviews",
    ):
        op.drop_table(name)


def _reviews() -> None:
    op.create_table(
        "reviews",
        Column("alert_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("run", exact_name(64), nullable=False),
        Column("rule", String(128), nullable=False),
        Column("label", String(128), nullable=False),
        Column("model_id", String(128), nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("ended_at", UtcDateTime, nullable=False),
        Column("acknowledged_at", UtcDateTime),
        Column("acknowledged_by", String(255)),
        Column("assigned_to", identifier()),
        Column("assigned_by", String(255)),
        Column("verdict", exact_name(8)),
        Column("reason", String(500)),
        Column("judged_by", String(255)),
        Column("version", Integer, nullable=False),
        Column("reviewed_at", UtcDateTime, nullable=False),
        Column("announced_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_reviews_announced", "reviews", ["announced_at", "reviewed_at"])
    op.create_index("ix_reviews_source", "reviews", ["source_id"])
    op.create_index("ix_reviews_started_at", "reviews", ["started_at"])
    op.create_index("ix_reviews_assigned", "reviews", ["assigned_to", "started_at"])
    op.create_table(
        "review_history",
        Column("alert_id", identifier(), primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("source_id", identifier(), nullable=False),
        Column("action", exact_name(32), nullable=False),
        Column("person", String(255), nullable=False),
        Column("state_before", JSON, nullable=False),
        Column("state_after", JSON, nullable=False),
        Column("batch_id", identifier()),
        Column("changed_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_review_history_source", "review_history", ["source_id"])
    op.create_index("ix_review_history_batch", "review_history", ["batch_id"])
    op.create_index("ix_review_history_changed_at", "review_history", ["changed_at"])


def _comments() -> None:
    op.create_table(
        "comments",
        Column("comment_id", identifier(), primary_key=True),
        Column("alert_id", identifier(), nullable=False),
        Column("source_id", identifier(), nullable=False),
        Column("person", String(255), nullable=False),
        Column("text", String(2000), nullable=False),
        Column("written_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_comments_alert", "comments", ["alert_id", "written_at"])
    op.create_index("ix_comments_source", "comments", ["source_id"])
    op.create_index("ix_comments_written_at", "comments", ["written_at"])


def _incidents() -> None:
    op.create_table(
        "incidents",
        Column("incident_id", identifier(), primary_key=True),
        Column("place_id", identifier(), nullable=False),
        Column("run", exact_name(64), nullable=False),
        Column("kind", exact_name(16), nullable=False),
        Column("tenant_id", identifier()),
        Column("store_id", identifier()),
        Column("severity_rank", SmallInteger, nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("ended_at", UtcDateTime, nullable=False),
        Column("alert_count", Integer, nullable=False),
        Column("source_count", Integer, nullable=False),
        Column("unjudged", Integer, nullable=False),
        Column("is_waiting", Boolean, nullable=False),
        Column("claimed_by", String(255)),
        Column("claim_key", String(255)),
        Column("claimed_until", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_incidents_place", "incidents", ["place_id", "run", "kind", "started_at"])
    op.create_index(
        "ix_incidents_queue",
        "incidents",
        ["is_waiting", "severity_rank", "started_at", "incident_id"],
    )
    op.create_index(
        "ix_incidents_tenant",
        "incidents",
        ["tenant_id", "is_waiting", "severity_rank", "started_at", "incident_id"],
    )
    op.create_index("ix_incidents_started_at", "incidents", ["started_at"])
    op.create_index("ix_incidents_claim", "incidents", ["claim_key"])
    op.create_table("incident_places", Column("place_id", identifier(), primary_key=True), **INNODB)
    op.add_column("alerts", Column("incident_id", identifier()))
    op.create_index("ix_alerts_incident", "alerts", ["incident_id"])


def _tickets() -> None:
    op.create_table(
        "acknowledge_tickets",
        Column("ticket_id", identifier(), primary_key=True),
        Column("alert_id", identifier(), nullable=False),
        Column("source_id", identifier(), nullable=False),
        Column("used_by", String(255), nullable=False),
        Column("used_at", UtcDateTime, nullable=False),
        Column("expires_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_acknowledge_tickets_source", "acknowledge_tickets", ["source_id"])
    op.create_index("ix_acknowledge_tickets_expires_at", "acknowledge_tickets", ["expires_at"])
