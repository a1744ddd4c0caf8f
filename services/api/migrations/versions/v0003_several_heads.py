"""Several heads look side by side: a clip keeps what each of them says."""

from alembic import op
from sqlalchemy import JSON, Column

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clips", Column("heads", JSON(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("clips", "heads")
