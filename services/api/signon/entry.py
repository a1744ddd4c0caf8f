"""What requests say of single sign-on."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from services.api.access.entries import Entry, StoreIds
from services.api.signon.tables import URL_CHARS
from services.api.tables import NAME_CHARS

MOST_DOMAINS = 20
_DOMAIN = re.compile(r"(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def _domain(text: str) -> str:
    text = text.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(text):
        raise ValueError("that is no domain of mail addresses, as shop.example")
    return text


def _issuer(text: str) -> str:
    if "?" in text or "#" in text or not (text.isascii() and text.isprintable()):
        raise ValueError("an issuer is a URL without a query, in printable ASCII")
    return text


Issuer = Annotated[str, Field(min_length=8, max_length=URL_CHARS), AfterValidator(_issuer)]
ClientId = Annotated[str, Field(min_length=1, max_length=NAME_CHARS, pattern=r"^[\x21-\x7e]+$")]
ClientSecret = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
Domain = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_domain)]


class Newcomers(Entry):
    """What becomes of somebody whom nobody invited. Without `store_ids` they see all stores."""

    role: Literal["manager", "operator", "viewer"] = "viewer"
    store_ids: StoreIds | None = None


class SingleSignOnEntry(Entry):
    """A provider of OpenID Connect. Without `newcomers` only people who have an account, or were
    invited, may sign on. Without `client_secret` the one that is kept stays, as long as issuer and
    client are the same.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "issuer": "https://login.shop.example/realms/staff",
                    "client_id": "nightclerk",
                    "client_secret": "3c1fa9…",
                    "mail_domains": ["shop.example"],
                    "newcomers": {"role": "viewer", "store_ids": None},
                }
            ]
        },
    )

    issuer: Issuer
    client_id: ClientId
    client_secret: ClientSecret | None = None
    mail_domains: Annotated[frozenset[Domain], Field(min_length=1, max_length=MOST_DOMAINS)]
    newcomers: Newcomers | None = None
