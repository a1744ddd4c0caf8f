"""Dead letters, and what became of them; how many rows of an object were erased."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0013"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        Column("letter_id", identifier(), primary_key=True),
        Column("topic", exact_name(255), nullable=False),
        Column("partition_number", Integer, nullable=False),
        Column("record_offset", BigInteger, nullable=False),
        Column("consumer", String(255), nullable=False),
        Column("reason", Text, nullable=False),
        Column("source_id", identifier()),
        Column("size_bytes", BigInteger, nullable=False),
        Column("replays", Integer, nullable=False),
        Column("failed_at", UtcDateTime, nullable=False),
        Column("letter_partition", Integer, nullable=False),
        Column("letter_offset", BigInteger, nullable=False),
        Column("state", exact_name(16), nullable=False),
        Column("changed_at", UtcDateTime),
        Column("changed_by", String(255)),
        **INNODB,
    )
    op.create_index("ix_dead_letters_newest", "dead_letters", ["failed_at", "letter_id"])
    op.create_index("ix_dead_letters_source", "dead_letters", ["source_id", "failed_at"])
    op.add_column("erased_objects", Column("row_count", BigInteger))


def downgrade() -> None:
    op.drop_column("erased_objects", "row_count")
    op.drop_table("dead_letters")
