"""The tables of the alerts service. They belong to it alone; the migrations create them.

Times are seconds since the epoch. `due_at` is when a row wants work: of one at work when its
lease ends, of one that is done NULL. `holder` is the instance that has it at work.
"""

from sqlalchemy import Boolean, Column, Double, Index, Integer, MetaData, String, Table

from services.chassis.storage.columns import INNODB, blob, exact_name, identifier

metadata = MetaData()

deliveries = Table(
    "alerts_deliveries",
    metadata,
    Column("delivery_id", identifier(), primary_key=True),
    Column("alert_id", identifier(), nullable=False),
    Column("source_id", identifier(), nullable=False),
    Column("source_name", String(255), nullable=False),
    Column("target_id", identifier(), nullable=False),
    Column("channel", exact_name(16), nullable=False),
    Column("target", String(512), nullable=False),
    Column("alert", blob(), nullable=False),
    Column("amends", identifier()),
    Column("has_picture", Boolean, nullable=False),
    Column("trace", exact_name(64), nullable=False),
    Column("state", exact_name(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("due_at", Double),
    Column("holder", exact_name(64), nullable=False),
    Column("tenant_id", identifier()),
    Column("purpose", exact_name(16), nullable=False),
    Column("digest_id", identifier()),
    Index("ix_alerts_deliveries_pending", "due_at", "target_id", "tenant_id"),
    Index("ix_alerts_deliveries_paced", "target_id", "opened_at"),
    Index("ix_alerts_deliveries_digest", "digest_id"),
    Index("ix_alerts_deliveries_due", "target_id", "due_at"),
    Index("ix_alerts_deliveries_alert", "alert_id"),
    Index("ix_alerts_deliveries_source", "source_id"),
    Index("ix_alerts_deliveries_opened", "opened_at"),
    **INNODB,
)
reviews = Table(
    "alerts_reviews",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("settled_at", Double, nullable=False),
    Index("ix_alerts_reviews_settled", "settled_at"),
    **INNODB,
)
"""Alerts that somebody acknowledged or judged: they escalate no further."""

mails = Table(
    "alerts_mails",
    metadata,
    Column("mail_id", identifier(), primary_key=True),
    Column("message", blob(), nullable=False),
    Column("state", exact_name(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("due_at", Double),
    Column("holder", exact_name(64), nullable=False),
    Index("ix_alerts_mails_due", "due_at"),
    Index("ix_alerts_mails_opened", "opened_at"),
    **INNODB,
)
"""Mails that are not about an alert. What is secret of them is sealed."""

evidence = Table(
    "alerts_evidence",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("source_name", String(255), nullable=False),
    Column("alert", blob(), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("peak_s", Double),
    Column("start_s", Double),
    Column("end_s", Double),
    Column("note", String(500), nullable=False),
    Column("state", exact_name(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("due_at", Double),
    Column("holder", exact_name(64), nullable=False),
    Index("ix_alerts_evidence_due", "due_at"),
    Index("ix_alerts_evidence_source", "source_id"),
    Index("ix_alerts_evidence_opened", "opened_at"),
    **INNODB,
)
outbox = Table(
    "alerts_outbox",
    metadata,
    Column("delivery_id", identifier(), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("message", blob(), nullable=False),
    Column("trace", exact_name(64), nullable=False),
    Column("written_at", Double, nullable=False),
    Column("holder", exact_name(64), nullable=False),
    Index("ix_alerts_outbox_written", "written_at"),
    **INNODB,
)
