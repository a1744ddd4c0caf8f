"""What a replay left is found by its run."""

from alembic import op

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("runs", "score_series", "incidents")


def upgrade() -> None:
    for table in TABLES:
        op.create_index(f"ix_{table}_run", table, ["run"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_run", table)
