"""What requests say of tenants, stores and people."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.hours import StoreHours
from services.api.access.tables import MAIL_CHARS
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
