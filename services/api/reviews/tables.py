"""The tables of what people make of alerts (ADR 0037). Written by the API; `incidents` is kept by
the projector, and its claims by the API.
"""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, SmallInteger, String, Table

from services.api.tables import RUN_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

PERSON_CHARS = 255
REASON_CHARS = 500
COMMENT_CHARS = 2000

reviews = Table(
    "reviews",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("run", exact_name(RUN_CHARS), nullable=False),
    Column("rule", String(128), nullable=False),
    Column("label", String(128), nullable=False),
    Column("model_id", String(128), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", String(PERSON_CHARS)),
    Column("assigned_to", identifier()),
    Column("assigned_by", String(PERSON_CHARS)),
    Column("verdict", exact_name(8)),
    Column("reason", String(REASON_CHARS)),
    Column("judged_by", String(PERSON_CHARS)),
    Column("version", Integer, nullable=False),
    Column("reviewed_at", UtcDateTime, nullable=False),
    Column("announced_at", UtcDateTime),
    Index("ix_reviews_announced", "announced_at", "reviewed_at"),
    Index("ix_reviews_source", "source_id"),
    Index("ix_reviews_started_at", "started_at"),
    Index("ix_reviews_assigned", "assigned_to", "started_at"),
    **INNODB,
)
"""The state of an alert's review. What the alert was is kept beside it, since a verdict is training
data and outlives the alert's row. `announced_at` is the `reviewed_at` that `reviews.v1` has; with
none it is to be published."""

review_history = Table(
    "review_history",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source_id", identifier(), nullable=False),
    Column("action", exact_name(32), nullable=False),
    Column("person", String(PERSON_CHARS), nullable=False),
    Column("state_before", JSON, nullable=False),
    Column("state_after", JSON, nullable=False),
    Column("batch_id", identifier()),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("ix_review_history_source", "source_id"),
    Index("ix_review_history_batch", "batch_id"),
    Index("ix_review_history_changed_at", "changed_at"),
    **INNODB,
)
"""Every change of a review, with the state before and after it."""

comments = Table(
    "comments",
    metadata,
    Column("comment_id", identifier(), primary_key=True),
    Column("alert_id", identifier(), nullable=False),
    Column("source_id", identifier(), nullable=False),
    Column("person", String(PERSON_CHARS), nullable=False),
    Column("text", String(COMMENT_CHARS), nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Index("ix_comments_alert", "alert_id", "written_at"),
    Index("ix_comments_source", "source_id"),
    Index("ix_comments_written_at", "written_at"),
    **INNODB,
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", identifier(), primary_key=True),
    Column("place_id", identifier(), nullable=False),
    Column("run", exact_name(RUN_CHARS), nullable=False),
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
    Column("claimed_by", String(PERSON_CHARS)),
    Column("claim_key", String(PERSON_CHARS)),
    Column("claimed_until", UtcDateTime),
    Index("ix_incidents_place", "place_id", "run", "kind", "started_at"),
    Index("ix_incidents_queue", "is_waiting", "severity_rank", "started_at", "incident_id"),
    Index(
        "ix_incidents_tenant",
        "tenant_id",
        "is_waiting",
        "severity_rank",
        "started_at",
        "incident_id",
    ),
    Index("ix_incidents_started_at", "started_at"),
    Index("ix_incidents_run", "run"),
    Index("ix_incidents_claim", "claim_key"),
    Index("ix_incidents_claimed", "claimed_until"),
    **INNODB,
)
"""Alerts that belong together. `place_id` is the store, or the source where it has none.
`is_waiting`: an alert of the live run in it has no verdict yet. `claim_key` tells people of the
same name apart."""

incident_places = Table(
    "incident_places",
    metadata,
    Column("place_id", identifier(), primary_key=True),
    **INNODB,
)
"""A row is locked while the incidents of a place are put together or counted."""

acknowledge_tickets = Table(
    "acknowledge_tickets",
    metadata,
    Column("ticket_id", identifier(), primary_key=True),
    Column("alert_id", identifier(), nullable=False),
    Column("source_id", identifier(), nullable=False),
    Column("used_by", String(PERSON_CHARS), nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_acknowledge_tickets_source", "source_id"),
    Index("ix_acknowledge_tickets_expires_at", "expires_at"),
    **INNODB,
)
"""Acknowledge links that were used; each works once."""

BY_SOURCE: tuple[Table, ...] = (reviews, review_history, comments, acknowledge_tickets)
"""What goes with its source."""
