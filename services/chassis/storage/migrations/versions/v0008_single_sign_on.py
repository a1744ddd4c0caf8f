"""Single sign-on by OpenID Connect; who may still use a password."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, String, false

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
    exact_name,
    exact_text,
    identifier,
)

revision = "0008"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("single_sign_ons", "sign_on_domains", "identities", "sign_on_tickets")


def upgrade() -> None:
    with op.batch_alter_table("access_rules") as rules:
        for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_adds_viewers"):
            rules.drop_column(name)
        rules.add_column(
            Column("only_owners_use_passwords", Boolean, nullable=False, server_default=false())
        )
    _providers()
    _identities()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    with op.batch_alter_table("access_rules") as rules:
        rules.drop_column("only_owners_use_passwords")
        rules.add_column(Column("oidc_issuer", String(1024)))
        rules.add_column(Column("oidc_client_id", String(255)))
        rules.add_column(Column("oidc_client_secret", blob()))
        rules.add_column(
            Column("oidc_adds_viewers", Boolean, nullable=False, server_default=false())
        )


def _providers() -> None:
    op.create_table(
        "single_sign_ons",
        Column("tenant_id", identifier(), primary_key=True),
        Column("issuer", String(1024), nullable=False),
        Column("client_id", String(255), nullable=False),
        Column("client_secret", blob()),
        Column("newcomers_role", exact_name(16)),
        Column("newcomers_see_all_stores", Boolean, nullable=False),
        Column("newcomers_store_ids", JSON, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_table(
        "sign_on_domains",
        Column("domain", exact_name(253), primary_key=True),
        Column("tenant_id", identifier(), primary_key=True),
        **INNODB,
    )
    op.create_index("ix_sign_on_domains_tenant", "sign_on_domains", ["tenant_id"])


def _identities() -> None:
    op.create_table(
        "identities",
        Column("identity", exact_name(64), primary_key=True),
        Column("user_id", identifier(), nullable=False),
        Column("issuer", String(1024), nullable=False),
        Column("subject", exact_text(255), nullable=False),
        Column("email", exact_text(254), nullable=False),
        Column("linked_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_identities_user", "identities", ["user_id"])
    op.create_table(
        "sign_on_tickets",
        Column("ticket_id", identifier(), primary_key=True),
        Column("expires_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_sign_on_tickets_expires_at", "sign_on_tickets", ["expires_at"])
