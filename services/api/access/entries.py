"""What requests say of tenants, stores and people."""

import re
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from schemas.hours import StoreHours
from schemas.targets import Language
from services.api.access.tables import MAIL_CHARS
from services.api.principal import Role
from services.api.tables import NAME_CHARS
from services.chassis.hours import EnteredHours

_MAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+\.[^\s@<>(),;:\\\"\[\].]+")


def _shown(name: str) -> str:
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name:
        raise ValueError("a name is needed")
    return name


def _mail(text: str) -> str:
    text = text.strip().lower()
    if not text.isprintable() or not _MAIL.fullmatch(text):
        raise ValueError("that is no mail address")
    return text


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS), AfterValidator(_shown)]
Email = Annotated[
    str,
    Field(min_length=3, max_length=MAIL_CHARS, json_schema_extra={"format": "email"}),
    AfterValidator(_mail),
]
"""As it is compared: without capitals."""


class Entry(BaseModel):
    """What is not named here is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreEntry(Entry):
    """A store to be added. Without hours it never closes, and nobody is there."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Station Road",
                    "hours": {
                        "time_zone": "Europe/Berlin",
                        "open": {"monday": [{"start": "06:00", "end": "23:00"}]},
                    },
                }
            ]
        },
    )

    name: Name
    hours: EnteredHours = StoreHours()


class StoreChange(Entry):
    """What is to change of a store; what is not named stays."""

    name: Name | None = None
    hours: EnteredHours | None = None


Password = Annotated[SecretStr, Field(min_length=10, max_length=256)]
Typed = Annotated[SecretStr, Field(max_length=256)]
"""A password as it is tried."""
Ticket = Annotated[str, Field(max_length=4096)]
StoreIds = Annotated[frozenset[UUID], Field(max_length=1000)]


class TenantEntry(Entry):
    """A tenant to be added, with a store of its own."""

    name: Name
    store_name: Name = "Main store"


class TenantChange(Entry):
    name: Name


class SigningUp(Entry):
    """The first owner of a tenant: `ticket` is the last part of the set-up link."""

    ticket: Ticket
    email: Email
    name: Name
    password: Password
    language: Language = "en"


class Joining(Entry):
    """Somebody who was invited: `ticket` is the last part of the link."""

    ticket: Ticket
    name: Name
    password: Password
    language: Language | None = None


class Opening(Entry):
    """A link that is looked at before it is used."""

    ticket: Ticket


class InvitationEntry(Entry):
    """Somebody to be invited by mail. Without `store_ids` they see all stores; an owner always
    does.
    """

    email: Email
    role: Role
    store_ids: StoreIds | None = None
    language: Language = "en"

    @model_validator(mode="after")
    def _owners_see_all(self) -> Self:
        if self.role == "owner" and self.store_ids is not None:
            raise ValueError("an owner sees all stores")
        return self


class UserChange(Entry):
    """What is to change of a person; what is not named stays. `store_ids` null: all stores."""

    name: Name | None = None
    role: Role | None = None
    store_ids: StoreIds | None = None
    language: Language | None = None
    is_active: bool | None = None

    def given(self, name: str) -> bool:
        return name in self.model_fields_set


class MyChange(Entry):
    """What is to change of oneself."""

    name: Name | None = None
    language: Language | None = None


class PasswordChange(Entry):
    current: Typed
    password: Password


class ResetWish(Entry):
    """A link to another password is to be mailed there."""

    email: Email


class PasswordReset(Entry):
    """`ticket` is the last part of the link."""

    ticket: Ticket
    password: Password
