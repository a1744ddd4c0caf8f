"""Albums, erasures with their proofs."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, String

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
    exact_name,
    identifier,
    object_key,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _albums()
    _erasures()


def downgrade() -> None:
    for name in ("erased_objects", "erasures", "album_items", "albums"):
        op.drop_table(name)


def _albums() -> None:
    op.create_table(
        "albums",
        Column("album_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("name", String(255), nullable=False),
        Column("is_shared", Boolean, nullable=False),
        Column("owner_kind", exact_name(16), nullable=False),
        Column("owner_id", identifier()),
        Column("owner_name", String(255), nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_albums_tenant", "albums", ["tenant_id", "changed_at", "album_id"])
    op.create_table(
        "album_items",
        Column("item_id", identifier(), primary_key=True),
        Column("album_id", identifier(), nullable=False),
        Column("position", Integer, nullable=False),
        Column("source_id", identifier(), nullable=False),
        Column("from_at", UtcDateTime),
        Column("to_at", UtcDateTime),
        Column("note", String(1000), nullable=False),
        Column("added_by", String(255), nullable=False),
        Column("added_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_album_items_album", "album_items", ["album_id", "position"])
    op.create_index("ix_album_items_source", "album_items", ["source_id"])


def _erasures() -> None:
    op.create_table(
        "erasures",
        Column("erasure_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("store_id", identifier()),
        Column("source_id", identifier(), nullable=False),
        Column("source_kind", exact_name(16), nullable=False),
        Column("source_name", String(255), nullable=False),
        Column("since_at", UtcDateTime, nullable=False),
        Column("until_at", UtcDateTime, nullable=False),
        Column("reason", String(1000), nullable=False),
        Column("asked_by", String(255), nullable=False),
        Column("asked_at", UtcDateTime, nullable=False),
        Column("completed_at", UtcDateTime),
        Column("row_counts", JSON, nullable=False),
        Column("alert_ids", JSON, nullable=False),
        Column("proof", blob()),
        Column("signature", exact_name(128)),
        **INNODB,
    )
    op.create_index("ix_erasures_tenant", "erasures", ["tenant_id", "asked_at", "erasure_id"])
    op.create_index("ix_erasures_source", "erasures", ["source_id", "until_at"])
    op.create_index("ix_erasures_completed", "erasures", ["completed_at", "asked_at"])
    op.create_table(
        "erased_objects",
        Column("erasure_id", identifier(), primary_key=True),
        Column("object_key", object_key(), primary_key=True),
        Column("sha256", exact_name(64)),
        Column("size_bytes", BigInteger),
        Column("erased_at", UtcDateTime),
        **INNODB,
    )
