"""Tables of what people and programs show to be let in, and of those who guess."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table

from services.api.tables import NAME_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, blob, exact_name, identifier

PROOF_CHARS = 64

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("proof", exact_name(PROOF_CHARS), nullable=False),
    Column("rights", JSON, nullable=False),
    Column("store_ids", JSON),
    Column("user_id", identifier()),
    Column("made_by", String(NAME_CHARS), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("last_address", exact_name(64), nullable=False),
    Column("revoked_at", UtcDateTime),
    Index("ix_api_keys_tenant", "tenant_id", "created_at", "key_id"),
    Index("ix_api_keys_user", "user_id"),
    **INNODB,
)
"""`proof` is the SHA-256 of the secret. `user_id` is who made it: nobody, if it was the machine.
A key may never do more than that user may now."""

login_failures = Table(
    "login_failures",
    metadata,
    Column("name", exact_name(PROOF_CHARS), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False),
    Column("open_at", UtcDateTime, nullable=False),
    Index("ix_login_failures_failed_at", "failed_at"),
    **INNODB,
)
"""Of accounts and of addresses, by a hash of which it is; until `open_at` nobody may try again."""

second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", identifier(), primary_key=True),
    Column("secret", blob(), nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("last_step", BigInteger, nullable=False),
    **INNODB,
)
"""Sealed TOTP secrets. One that was not confirmed by a code does not count yet. A code of
`last_step`, or of an earlier one, was used."""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", identifier(), primary_key=True),
    Column("proof", exact_name(PROOF_CHARS), primary_key=True),
    **INNODB,
)
"""Those that are left; a code that was used is gone."""

access_rules = Table(
    "access_rules",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("owners_need_second_factor", Boolean, nullable=False),
    Column("only_owners_use_passwords", Boolean, nullable=False),
    **INNODB,
)
"""What logins of a tenant take. A tenant without a row asks for none of this."""

idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("name", exact_name(PROOF_CHARS), primary_key=True),
    Column("fingerprint", exact_name(PROOF_CHARS), nullable=False),
    Column("holder", exact_name(32), nullable=False),
    Column("status", Integer),
    Column("headers", JSON, nullable=False),
    Column("body", blob()),
    Column("started_at", UtcDateTime, nullable=False),
    Index("ix_idempotent_requests_started_at", "started_at"),
    **INNODB,
)
"""Answers by principal and Idempotency-Key; without `status` the first request is still at work."""
