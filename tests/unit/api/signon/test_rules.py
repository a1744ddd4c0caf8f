"""What decides of a sign-on without asking anybody: tokens, addresses, paths, documents."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pydantic import ValidationError

from services.api.config import ApiSettings
from services.api.signon.accounts import require_vouched
from services.api.signon.entry import SingleSignOnEntry
from services.api.signon.faults import SignOnFault
from services.api.signon.fetching import Fetching
from services.api.signon.flow import path_of
from services.api.signon.providers import provider_of
from services.api.signon.storing import SignOnRules
from services.api.signon.tokens import Expected, Person, UnknownKey, described, person_of

KEY = RSAKey.generate_key(2048, {"kid": "now"})
KEYS = KeySet([RSAKey.import_key(KEY.as_dict(private=False))])
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECOND = int(NOW.timestamp())
EXPECTED = Expected("https://issuer.example", "nightclerk", "a nonce")
CLAIMS = {
    "iss": "https://issuer.example",
    "aud": "nightclerk",
    "sub": "minji",
    "nonce": "a nonce",
    "iat": SECOND,
    "exp": SECOND + 300,
    "email": " Minji@Shop.example",
    "email_verified": True,
}
RULES = SignOnRules(
    uuid4(), "https://issuer.example", "x", None, frozenset({"shop.example"}), None, None, NOW
)


def token(**changed: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "now"}, claims, KEY)


def person(**fields: Any) -> Person:
    content: dict[str, Any] = {"email": "minji@shop.example", "email_verified": True}
    return described({"sub": "minji"} | content | fields, "https://issuer.example")


def test_a_token_that_is_right_is_believed() -> None:
    found = person_of(token(), KEYS, EXPECTED, NOW)
    assert (found.subject, found.email, found.is_email_verified) == (
        "minji",
        "minji@shop.example",
        True,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://issuer.example/"},
        {"iss": ["https://issuer.example"]},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"aud": ["nightclerk", "another"], "azp": "another"},
        {"aud": ["nightclerk", "another"]},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": SECOND - 61},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": None},
        {"iat": SECOND + 3600},
        {"nbf": SECOND + 3600},
        {"sub": ""},
        {"sub": None},
        {"sub": 5},
        {"sub": "x" * 256},
        {"at_hash": "of another access token"},
    ],
)
def test_a_token_that_is_not_for_this_sign_on_is_nobodys(changed: dict[str, Any]) -> None:
    with pytest.raises(SignOnFault):
        person_of(token(**changed), KEYS, EXPECTED, NOW, "an access token")


def test_clocks_may_differ_by_a_minute() -> None:
    assert person_of(token(exp=SECOND - 50), KEYS, EXPECTED, NOW).subject == "minji"


def test_keys_that_do_not_fit_are_told_from_tokens_that_do_not() -> None:
    other = KeySet([RSAKey.generate_key(2048, {"kid": "then"}, private=False)])
    same_name = KeySet([RSAKey.generate_key(2048, {"kid": "now"}, private=False)])
    for keys in (other, same_name):
        with pytest.raises(UnknownKey):
            person_of(token(), keys, EXPECTED, NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"email_verified": None},
        {"email_verified": False},
        {"email_verified": "no"},
        {"email": None},
        {"email": ""},
        {"email": ["minji@shop.example"]},
        {"email": "a@shop.example\r\nX: y"},
        {"email": "minji@other.example"},
        {"email": "minji@shop.example.evil.example"},
        {"email": "minji@evil-shop.example"},
        {"email": "minji@evil.example@shop.example"},
    ],
)
def test_an_address_that_is_not_theirs_or_of_elsewhere_is_refused(fields: dict[str, Any]) -> None:
    assert require_vouched(person(), RULES) == "minji@shop.example"
    with pytest.raises(SignOnFault):
        require_vouched(person(**fields), RULES)


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "evil.example",
        "/" + "x" * 600,
        "",
    ],
)
def test_a_path_that_leads_elsewhere_leads_home(path: str) -> None:
    assert path_of(path) == "/"


@pytest.mark.parametrize("path", ["/", "/cameras", "/alerts/1?from=2026-05-01T22:00:00Z&x=%20"])
def test_paths_of_ours_stay(path: str) -> None:
    assert path_of(path) == path


DOCUMENT = {
    "issuer": "https://issuer.example",
    "authorization_endpoint": "https://issuer.example/authorize",
    "token_endpoint": "https://issuer.example/token",
    "jwks_uri": "https://issuer.example/keys",
}


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://issuer.example/"},
        {"issuer": None},
        {"token_endpoint": None},
        {"authorization_endpoint": ""},
        {"jwks_uri": ["https://issuer.example/keys"]},
    ],
)
def test_a_document_that_lacks_something_is_none(changed: dict[str, Any]) -> None:
    assert provider_of("https://issuer.example", DOCUMENT).token_endpoint
    with pytest.raises(SignOnFault):
        provider_of("https://issuer.example", DOCUMENT | changed)


@pytest.mark.parametrize(
    ("methods", "in_form"),
    [
        (None, False),
        (["client_secret_basic", "client_secret_post"], False),
        (["client_secret_post"], True),
    ],
)
def test_the_secret_goes_where_the_provider_wants_it(methods: Any, in_form: bool) -> None:
    document = DOCUMENT | {"token_endpoint_auth_methods_supported": methods}
    assert provider_of("https://issuer.example", document).takes_secret_in_form == in_form


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://issuer.example/?tenant=x"},
        {"client_id": "a\nb"},
        {"mail_domains": []},
        {"mail_domains": ["*"]},
        {"mail_domains": ["shop"]},
        {"newcomers": {"role": "owner"}},
        {"tenant_id": str(uuid4())},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changed: dict[str, Any]) -> None:
    entry = {
        "issuer": "https://issuer.example",
        "client_id": "nightclerk",
        "mail_domains": ["@Shop.example"],
    }
    assert SingleSignOnEntry.model_validate(entry).mail_domains == {"shop.example"}
    with pytest.raises(ValidationError):
        SingleSignOnEntry.model_validate(entry | changed)


@pytest.mark.parametrize(
    ("networks", "url"),
    [
        ("public", "http://localhost:9"),
        ("public", "https://localhost:9"),
        ("public", "https://169.254.169.254"),
        ("loopback", "https://169.254.169.254"),
        ("public", "https://[::ffff:127.0.0.1]:9"),
        ("public", "https://2130706433:9"),
        ("public,private", "http://10.0.0.1"),
        ("loopback", "ftp://localhost:9"),
        ("loopback", "https://"),
        ("loopback", "http://local host:9"),
    ],
)
def test_only_what_the_operator_allows_is_asked(networks: str, url: str) -> None:
    fetching = Fetching(ApiSettings(sign_on_networks=networks).providers)
    with pytest.raises(SignOnFault):
        fetching.check(url)
    with pytest.raises(SignOnFault):
        fetching.get(url, url, {})


def test_a_name_that_leads_elsewhere_a_moment_later_leads_nowhere() -> None:
    """DNS rebinding: the address is looked up and checked with every connection."""
    answers = iter((["8.8.8.8"], ["127.0.0.1"]))
    fetching = Fetching(ApiSettings().providers, lambda _: next(answers))
    fetching.check("https://issuer.example")
    with pytest.raises(SignOnFault, match="on this machine"):
        fetching.get("https://issuer.example", "https://issuer.example/keys", {})
