"""Tables of single sign-on: each tenant's provider, and whose account there is whose here."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table

from services.api.access.tables import MAIL_CHARS
from services.api.tables import NAME_CHARS, metadata
from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
    exact_name,
    exact_text,
    identifier,
)

URL_CHARS = 1024

single_sign_ons = Table(
    "single_sign_ons",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("issuer", String(URL_CHARS), nullable=False),
    Column("client_id", String(NAME_CHARS), nullable=False),
    Column("client_secret", blob()),
    Column("newcomers_role", exact_name(16)),
    Column("newcomers_see_all_stores", Boolean, nullable=False),
    Column("newcomers_store_ids", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    **INNODB,
)
"""`client_secret` is sealed. Without `newcomers_role` only those who are invited may sign on."""

sign_on_domains = Table(
    "sign_on_domains",
    metadata,
    Column("domain", exact_name(253), primary_key=True),
    Column("tenant_id", identifier(), primary_key=True),
    Index("ix_sign_on_domains_tenant", "tenant_id"),
    **INNODB,
)
"""Of which mail addresses people of a tenant sign on. Several tenants may name one domain."""

identities = Table(
    "identities",
    metadata,
    Column("identity", exact_name(64), primary_key=True),
    Column("user_id", identifier(), nullable=False),
    Column("issuer", String(URL_CHARS), nullable=False),
    Column("subject", exact_text(NAME_CHARS), nullable=False),
    Column("email", exact_text(MAIL_CHARS), nullable=False),
    Column("linked_at", UtcDateTime, nullable=False),
    Index("ix_identities_user", "user_id"),
    **INNODB,
)
"""`identity` is the SHA-256 of tenant, issuer and subject. `email` is as it was when it was linked:
from then on the subject counts, whoever has the address."""

sign_on_tickets = Table(
    "sign_on_tickets",
    metadata,
    Column("ticket_id", identifier(), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_sign_on_tickets_expires_at", "expires_at"),
    **INNODB,
)
"""Sign-ons that came back from the provider: none does so twice."""
