"""Alerts of presence rules and of health have no score; before, they had 1.0."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

alerts = sa.table("alerts", sa.column("kind"), sa.column("model_id"), sa.column("peak_score"))


def upgrade() -> None:
    with op.batch_alter_table("alerts") as table:
        table.alter_column("peak_score", existing_type=sa.Double, nullable=True)
    unscored = sa.or_(alerts.c.kind == "health", alerts.c.model_id == "presence")
    op.execute(alerts.update().where(unscored).values(peak_score=None))


def downgrade() -> None:
    op.execute(alerts.update().where(alerts.c.peak_score.is_(None)).values(peak_score=1.0))
    with op.batch_alter_table("alerts") as table:
        table.alter_column("peak_score", existing_type=sa.Double, nullable=False)
