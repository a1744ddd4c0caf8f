"""Long videos stay quick: a finished one keeps its highest score, a last clip is found at once."""

from alembic import op
from sqlalchemy import Column, Double

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", Column("top_score", Double))
    op.create_index("ix_clips_last", "clips", ["source_id", "is_last"])


def downgrade() -> None:
    op.drop_index("ix_clips_last", "clips")
    op.drop_column("videos", "top_score")
