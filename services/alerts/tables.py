"""The tables of the ledger. They belong to this service alone; `Ledger.prepare` creates them."""

from sqlalchemy import Column, Double, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

evidence = Table(
    "alerts_evidence",
    metadata,
    Column("alert_id", String(36), primary_key=True),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("peak_s", Double, nullable=False),
    Column("snapshot_key", String(255)),
    Column("evidence_key", String(255)),
    Column("note", String(500), nullable=False),
    Column("made_at", Double, nullable=False),
    mysql_engine="InnoDB",
)
deliveries = Table(
    "alerts_deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("target", String(512), nullable=False),
    Column("alert", LargeBinary, nullable=False),
    Column("trace", String(64), nullable=False),
    Column("snapshot_key", String(255)),
    Column("evidence_key", String(255)),
    Column("note", String(500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("owner", String(128), nullable=False),
    mysql_engine="InnoDB",
)
outbox = Table(
    "alerts_outbox",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("message", LargeBinary, nullable=False),
    Column("trace", String(64), nullable=False),
    Column("written_at", Double, nullable=False),
    mysql_engine="InnoDB",
)
