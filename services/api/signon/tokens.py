"""What a provider says of a person, believed once its signature and every claim is right.

Pure. OpenID Connect Core 1.0, 3.1.3.7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from services.api.signon.faults import SignOnFault
from services.api.tables import NAME_CHARS

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""Signatures by a key that only the provider has: neither `none`, nor by the client's secret."""
LEEWAY_S = 60
"""Clocks of two houses differ."""


class UnknownKey(Exception):
    """None of the keys signed it: the provider may have others by now."""


@dataclass(frozen=True)
class Expected:
    """What was asked of the provider."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for. `email` is empty where it names none."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str
    locale: str


def person_of(
    id_token: str, keys: KeySet, expected: Expected, now: datetime, access_token: str = ""
) -> Person:
    """Raises UnknownKey, and SignOnFault for a token that is not to be trusted."""
    try:
        read = jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))
    except (InvalidKeyIdError, BadSignatureError) as error:
        raise UnknownKey(str(error)) from error
    except (JoseError, ValueError, TypeError) as error:
        raise SignOnFault("untrusted", f"the ID token cannot be read: {error}") from error
    hashed = access_token if read.header.get("alg") != "EdDSA" else ""  # whose hash is not settled
    claims = CodeIDToken(
        read.claims,
        read.header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        },
        {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": hashed},
    )
    try:
        claims.validate(int(now.timestamp()), LEEWAY_S)
    except (ClaimError, ValueError, TypeError) as error:
        raise SignOnFault("untrusted", f"the ID token is not for this sign-on: {error}") from error
    return described(dict(claims), expected.issuer)


def described(claims: Mapping[str, Any], issuer: str) -> Person:
    """Raises SignOnFault for a subject that cannot be kept."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= NAME_CHARS:
        raise SignOnFault("untrusted", "the ID token names no subject of at most 255 letters")
    return Person(
        issuer=issuer,
        subject=subject,
        email=_text(claims, "email").strip().lower(),
        is_email_verified=claims.get("email_verified") in (True, "true"),
        name=_text(claims, "name"),
        locale=_text(claims, "locale"),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
