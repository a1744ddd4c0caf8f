"""Analyses of videos that somebody paused."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("is_paused", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("videos", column)


def downgrade() -> None:
    op.drop_column("videos", "is_paused")
