"""Moments that people marked by hand (ADR 0053)."""

from sqlalchemy import Column, Index, String, Table

from services.api.reviews.tables import COMMENT_CHARS, PERSON_CHARS
from services.api.tables import metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, identifier

LABEL_CHARS = 128

missed_events = Table(
    "missed_events",
    metadata,
    Column("event_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime, nullable=False),
    Column("label", String(LABEL_CHARS), nullable=False),
    Column("alert_id", identifier()),
    Column("note", String(COMMENT_CHARS), nullable=False),
    Column("reported_by", String(PERSON_CHARS), nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("announced_at", UtcDateTime),
    Index("ix_missed_events_source", "source_id", "since_at"),
    Index("ix_missed_events_newest", "reported_at", "event_id"),
    Index("ix_missed_events_since", "since_at"),
    Index("ix_missed_events_announced", "announced_at", "reported_at"),
    **INNODB,
)
"""`label` is a rule's name, or `normal`: somebody looked, and nothing happened. With `alert_id` it
says what that alert showed in truth. `announced_at` is empty until `reviews.v1` has the latest
state; what was withdrawn goes once the topic has it."""
