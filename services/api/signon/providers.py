"""Providers of OpenID Connect: what they are (OpenID Connect Discovery 1.0), their keys, and what
they give for a code.
"""

import base64
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote_plus

from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.api.signon.faults import SignOnFault
from services.api.signon.fetching import Fetching
from services.api.signon.tokens import Expected, Person, UnknownKey, described, person_of
from services.chassis.clock import Clock

T = TypeVar("T")
KEPT_S = 3600.0
ASKED_AGAIN_S = 5.0
"""A token whose key is unknown makes us ask for keys, but no more often."""
MOST_KEPT = 500


@dataclass(frozen=True)
class Provider:
    """As its discovery document describes it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    names_itself: bool
    """It adds `iss` to what it sends back (RFC 9207)."""
    takes_secret_in_form: bool


@dataclass(frozen=True)
class Client:
    """What we are to a provider."""

    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str


class Providers:
    """Remembers documents and keys for an hour. May be used by several threads."""

    def __init__(self, fetching: Fetching, clock: Clock) -> None:
        self._fetching, self._clock = fetching, clock
        self._known: OrderedDict[str, tuple[float, Provider]] = OrderedDict()
        self._keys: OrderedDict[str, tuple[float, KeySet]] = OrderedDict()
        self._lock = threading.Lock()

    def provider(self, issuer: str, is_fresh: bool = False) -> Provider:
        """Raises SignOnFault; its detail says what is wrong with the provider."""
        found = None if is_fresh else self._remembered(self._known, issuer, KEPT_S)
        if found is None:
            self._fetching.check(issuer)
            url = get_well_known_url(issuer, external=True)
            found = provider_of(issuer, self._fetching.get(issuer, url, {}))
            for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                self._fetching.check(address)
            self._remember(self._known, issuer, found)
        return found

    def person(
        self, provider: Provider, client: Client, code: str, sent: tuple[str, str], now: datetime
    ) -> Person:
        """Whom the code stands for; `sent` are the verifier and the nonce that belong to it.
        Raises SignOnFault.
        """
        verifier, nonce = sent
        answer = self._exchanged(provider, client, code, verifier)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise SignOnFault("refused", "the provider gave no ID token")
        expected = Expected(provider.issuer, client.client_id, nonce)
        access = access_token if isinstance(access_token, str) else ""
        person = self._verified(provider, id_token, expected, now, access)
        if not person.email and access and provider.userinfo_endpoint:
            return self._asked(provider, person, access)
        return person

    def _verified(
        self, provider: Provider, id_token: str, expected: Expected, now: datetime, access: str
    ) -> Person:
        """By keys that are remembered, and by those of now where none of them fits."""
        try:
            return person_of(id_token, self._key_set(provider, KEPT_S), expected, now, access)
        except UnknownKey:
            fresh = self._key_set(provider, ASKED_AGAIN_S)
        try:
            return person_of(id_token, fresh, expected, now, access)
        except UnknownKey as error:
            detail = "the ID token is signed by none of the provider's keys"
            raise SignOnFault("untrusted", detail) from error

    def _exchanged(
        self, provider: Provider, client: Client, code: str, verifier: str
    ) -> Mapping[str, Any]:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        if client.client_secret is None or provider.takes_secret_in_form:
            fields["client_id"] = client.client_id
        if client.client_secret is not None and provider.takes_secret_in_form:
            fields["client_secret"] = client.client_secret
        elif client.client_secret is not None:
            pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return self._fetching.post(provider.issuer, provider.token_endpoint, headers, fields)

    def _asked(self, provider: Provider, person: Person, access: str) -> Person:
        """The address, from where providers tell it that leave it out of the token. What is said of
        another subject is nobody's.
        """
        headers = {"Authorization": f"Bearer {access}"}
        claims = self._fetching.get(provider.issuer, provider.userinfo_endpoint, headers)
        found = described(claims, provider.issuer)
        if found.subject != person.subject:
            raise SignOnFault("untrusted", "the provider's userinfo is of another subject")
        return found

    def _key_set(self, provider: Provider, not_older_s: float) -> KeySet:
        found = self._remembered(self._keys, provider.jwks_uri, not_older_s)
        if found is None:
            content = self._fetching.get(provider.issuer, provider.jwks_uri, {})
            try:
                found = KeySet.import_key_set({"keys": list(content["keys"])})
            except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
                raise SignOnFault("refused", "the provider's keys cannot be read") from error
            self._remember(self._keys, provider.jwks_uri, found)
        return found

    def _remembered(
        self, kept: OrderedDict[str, tuple[float, T]], name: str, not_older_s: float
    ) -> T | None:
        with self._lock:
            since_s, found = kept.get(name, (0.0, None))
        return found if self._clock.monotonic() - since_s < not_older_s else None

    def _remember(self, kept: OrderedDict[str, tuple[float, T]], name: str, found: T) -> None:
        with self._lock:
            kept[name] = self._clock.monotonic(), found
            kept.move_to_end(name)
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)


def provider_of(issuer: str, document: Mapping[str, Any]) -> Provider:
    """Raises SignOnFault for one of another issuer, or that cannot do what is needed."""
    if document.get("issuer") != issuer:
        raise SignOnFault("refused", f"the provider at {issuer} names itself otherwise")
    names = "authorization_endpoint", "token_endpoint", "jwks_uri"
    endpoints = {name: document.get(name) for name in names}
    missing = [name for name, url in endpoints.items() if not isinstance(url, str) or not url]
    if missing:
        raise SignOnFault("refused", f"the provider names no {missing[0]}")
    userinfo = document.get("userinfo_endpoint")
    methods = document.get("token_endpoint_auth_methods_supported")
    is_listed = isinstance(methods, list) and "client_secret_post" in methods
    is_basic = not isinstance(methods, list) or "client_secret_basic" in methods
    return Provider(
        issuer=issuer,
        authorization_endpoint=str(endpoints["authorization_endpoint"]),
        token_endpoint=str(endpoints["token_endpoint"]),
        jwks_uri=str(endpoints["jwks_uri"]),
        userinfo_endpoint=userinfo if isinstance(userinfo, str) else "",
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        takes_secret_in_form=is_listed and not is_basic,
    )
