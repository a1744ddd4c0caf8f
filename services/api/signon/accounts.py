"""Whose account a person of a provider has here: by issuer and subject, once they are linked.

A mail address is only how they are found for the first time: whoever gets it later is not them.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from schemas.targets import Language
from services.api import audit
from services.api.access import invitations, stores, users
from services.api.access.entries import Email, Name
from services.api.access.paging import Row
from services.api.access.tables import invitations as invitation_rows
from services.api.access.users import AddressTaken, NewUser
from services.api.principal import Actor, Principal
from services.api.signon.faults import SignOnFault
from services.api.signon.storing import SignOnRules
from services.api.signon.tables import identities
from services.api.signon.tokens import Person

WAY = "single sign-on"
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def require_vouched(person: Person, rules: SignOnRules) -> str:
    """The mail address, if it is the person's and of a domain by which one signs on. Raises
    SignOnFault.
    """
    try:
        email = _EMAIL.validate_python(person.email)
    except ValidationError as error:
        raise SignOnFault("unverified", "the provider names no mail address") from error
    if not person.is_email_verified:
        raise SignOnFault("unverified", "the provider has not verified the mail address")
    if email.partition("@")[2] not in rules.domains:
        raise SignOnFault("domain", "the mail address is of another domain")
    return email


def account_of(
    connection: Connection, rules: SignOnRules, person: Person, address: str, now: datetime
) -> Row:
    """The user; linked, and added if they were invited or may come uninvited. Raises SignOnFault:
    then the transaction is to be given up.
    """
    email = require_vouched(person, rules)
    try:
        row = _linked(connection, rules, person)
        if row is None:
            row = _found(connection, rules, person, email)
            action = "identity.linked" if row else "user.joined"
            row = row or _joined(connection, rules, person, email, now)
            _link(connection, person, row, email, now)
            _note(connection, person, row, action, address)
    except (AddressTaken, IntegrityError) as error:  # somebody of theirs comes at the same moment
        raise SignOnFault("busy", "two sign-ons of one person at once") from error
    if not row["is_active"]:
        raise SignOnFault("inactive", "the account is deactivated")
    return row


def principal_of(rules: SignOnRules, person: Person, address: str) -> Principal:
    """Somebody whom the provider vouches for, and who is no user: for the audit log alone."""
    actor = Actor("user", None, person.email or person.subject, address)
    return Principal(rules.tenant_id, frozenset(), frozenset(), actor)


def identity_of(tenant_id: UUID, issuer: str, subject: str) -> str:
    content = "\0".join((str(tenant_id), issuer, subject))
    return hashlib.sha256(content.encode()).hexdigest()


def _linked(connection: Connection, rules: SignOnRules, person: Person) -> Row | None:
    identity = identity_of(rules.tenant_id, person.issuer, person.subject)
    query = select(identities.c.user_id).where(identities.c.identity == identity)
    user_id = connection.scalar(query)
    return users.row_by_id(connection, UUID(user_id)) if user_id else None


def _found(connection: Connection, rules: SignOnRules, person: Person, email: str) -> Row | None:
    """Who has that address here and is nobody else at the provider. Raises SignOnFault."""
    row = users.row_by_email(connection, email)
    if row is None:
        return None
    if row["tenant_id"] != str(rules.tenant_id):
        raise SignOnFault("uninvited", "the mail address is in use elsewhere")
    query = select(identities.c.identity).where(
        identities.c.user_id == row["user_id"], identities.c.issuer == person.issuer
    )
    if connection.scalar(query) is not None:
        raise SignOnFault("another", "the account is linked to another person of the provider")
    if not row["is_active"]:
        raise SignOnFault("inactive", "the account is deactivated")
    return row


def _joined(
    connection: Connection, rules: SignOnRules, person: Person, email: str, now: datetime
) -> Row:
    """A user by invitation, else by what the tenant grants newcomers. Raises SignOnFault."""
    user = _invited(connection, rules, person, email, now) or _newcomer(rules, person, email)
    if user is None:
        raise SignOnFault("uninvited", "nobody invited them")
    bound = user.store_ids
    if bound is not None:
        bound = bound - stores.missing(connection, rules.tenant_id, bound)
    users.add(connection, replace(user, store_ids=bound), now)
    row = users.row_by_id(connection, user.user_id)
    assert row is not None
    return row


def _invited(
    connection: Connection, rules: SignOnRules, person: Person, email: str, now: datetime
) -> NewUser | None:
    """The invitation is used up."""
    columns = invitation_rows.c
    query = select(columns.invitation_id).where(
        columns.tenant_id == str(rules.tenant_id), columns.email == email
    )
    invitation_id = connection.scalar(query)
    row = invitations.to_accept(connection, UUID(invitation_id), now) if invitation_id else None
    if row is None:
        return None
    invitations.remove(connection, UUID(row["invitation_id"]))
    named = frozenset(UUID(name) for name in row["store_ids"])
    return NewUser(
        uuid4(),
        rules.tenant_id,
        email,
        _name(person, email),
        row["role"],
        None if row["sees_all_stores"] else named,
        language=_language(person) or row["language"],
    )


def _newcomer(rules: SignOnRules, person: Person, email: str) -> NewUser | None:
    if rules.newcomers_role is None:
        return None
    return NewUser(
        uuid4(),
        rules.tenant_id,
        email,
        _name(person, email),
        rules.newcomers_role,
        rules.newcomers_store_ids,
        language=_language(person) or "en",
    )


def _link(connection: Connection, person: Person, user: Row, email: str, now: datetime) -> None:
    tenant_id = UUID(user["tenant_id"])
    row: dict[str, Any] = {
        "identity": identity_of(tenant_id, person.issuer, person.subject),
        "user_id": user["user_id"],
        "issuer": person.issuer,
        "subject": person.subject,
        "email": email,
        "linked_at": now,
    }
    connection.execute(insert(identities).values(row))


def _note(connection: Connection, person: Person, user: Row, action: str, address: str) -> None:
    actor = Actor("user", UUID(user["user_id"]), user["email"], address)
    principal = Principal(UUID(user["tenant_id"]), None, frozenset(), actor)
    detail = {"issuer": person.issuer, "subject": person.subject, "way": WAY}
    audit.record(connection, principal, action, user["user_id"], detail)


def _name(person: Person, email: str) -> str:
    """As the provider has it, else the first half of the address."""
    try:
        return _NAME.validate_python(person.name[:255])
    except ValidationError:
        return email.partition("@")[0]


def _language(person: Person) -> Language | None:
    language = person.locale.partition("-")[0].partition("_")[0].lower()
    return cast(Language, language) if language in ("en", "ko") else None
