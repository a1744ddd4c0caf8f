"""What a provider, a browser or a stranger may do wrong: nobody gets in, and nothing breaks."""

import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from services.api.config import COOKIE
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person
from tests.unit.api.signon.provider import (
    DEPRECATIONS,
    MAIL,
    SECRET,
    Provider,
    begin,
    member,
    set_up,
    sign_on,
)

pytestmark = [pytest.mark.filterwarnings(DEPRECATIONS), pytest.mark.usefixtures("owner")]
FOREIGN = RSAKey.generate_key(2048, {"kid": "foreign"})


@pytest.fixture
def client(api: Api) -> TestClient:
    """Of somebody who would get in if all went well."""
    member(api)
    return browser(api)


def is_in(client: TestClient) -> bool:
    return client.get("/api/v1/me").status_code == 200


def test_a_wrong_nonce_opens_nothing(client: TestClient, provider: Provider) -> None:
    """A code that was given for another sign-on."""
    assert sign_on(client, provider, nonce="of another browser").status_code == 403
    assert not is_in(client)


def test_a_sign_on_comes_back_once(client: TestClient, provider: Provider) -> None:
    begun = begin(client)
    kept = dict(client.cookies)
    back = provider.let_in(begun.headers["location"], "minji")
    assert client.get(back, follow_redirects=False).status_code == 303
    client.cookies.clear()
    for name, value in kept.items():
        client.cookies.set(name, value, domain="127.0.0.1", path="/sign-on")
    before = provider.exchanges
    again = client.get(back, follow_redirects=False)
    assert (again.status_code, COOKIE in client.cookies) == (400, False)
    assert "used already" in again.text
    assert provider.exchanges == before


def test_another_browser_cannot_come_back_for_it(
    api: Api, client: TestClient, provider: Provider
) -> None:
    """Login CSRF: somebody slips their own code to another's browser."""
    back = provider.let_in(begin(client).headers["location"], "minji")
    victim = browser(api)
    assert victim.get(back, follow_redirects=False).status_code == 400
    begin(victim)
    assert victim.get(back, follow_redirects=False).status_code == 400
    assert not is_in(victim)


def test_a_sign_on_that_took_too_long_is_over(
    api: Api, client: TestClient, provider: Provider
) -> None:
    back = provider.let_in(begin(client).headers["location"], "minji")
    api.clock.step(601)
    answer = client.get(back, follow_redirects=False)
    assert (answer.status_code, "too long ago" in answer.text) == (400, True)


def test_keys_may_rotate(api: Api, client: TestClient, provider: Provider) -> None:
    assert sign_on(client, provider).status_code == 303
    provider.restart()
    provider.add("minji", email=MAIL, email_verified=True)
    api.clock.wait(6, threading.Event())  # keys are asked for again, but not at once
    later = browser(api)
    assert sign_on(later, provider).status_code == 303
    assert is_in(later)


def test_a_provider_that_is_down_is_told_on_a_page(
    api: Api, client: TestClient, provider: Provider
) -> None:
    back = provider.let_in(begin(client).headers["location"], "minji")
    provider.stop()
    try:
        answer = client.get(back, follow_redirects=False)
        assert (answer.status_code, "does not answer" in answer.text) == (503, True)
        api.clock.wait(3601, threading.Event())  # what was remembered of it is forgotten
        begun = begin(browser(api))
        assert (begun.status_code, "does not answer" in begun.text) == (503, True)
        korean = browser(api).get(
            urlsplit(str(begun.url)).path,
            headers={"Accept-Language": "ko"},
            follow_redirects=False,
        )
        assert "응답하지 않습니다" in korean.text
    finally:
        provider.start()


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    texts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*texts, ""])


def by_secret(claims: dict[str, Any]) -> str:
    key = OctKey.import_key(SECRET.ljust(32))
    return jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])


def by_foreign_key(claims: dict[str, Any], **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "foreign"} | header, claims, FOREIGN)


def with_its_key_along(claims: dict[str, Any]) -> str:
    return by_foreign_key(claims, jwk=FOREIGN.as_dict(private=False))


FORGERIES: tuple[Callable[[dict[str, Any]], str], ...] = (
    unsigned,
    by_secret,
    by_foreign_key,
    with_its_key_along,
    lambda _: "not.a.token",
)


def test_what_the_provider_did_not_sign_opens_nothing(
    client: TestClient, provider: Provider
) -> None:
    for forged in FORGERIES:
        provider.answer = lambda answer, forged=forged: {
            **answer,
            "id_token": forged(claims_of(answer["id_token"])),
        }
        assert sign_on(client, provider).status_code == 403, forged
        assert not is_in(client)


def test_an_answer_without_a_token_is_none(client: TestClient, provider: Provider) -> None:
    answers: tuple[dict[str, Any], ...] = {}, {"id_token": 5}, {"id_token": None}, {"error": "x"}
    for answer in answers:
        provider.answer = lambda _, answer=answer: answer
        assert sign_on(client, provider).status_code == 502, answer


def test_an_issuer_that_names_itself_otherwise_is_not_set_up(
    owner: TestClient, provider: Provider
) -> None:
    provider.document = {"issuer": "https://accounts.example"}
    answer = set_up(owner, provider)
    assert (answer.status_code, "names itself otherwise" in answer.json()["detail"]) == (422, True)


def test_a_token_of_a_foreign_issuer_opens_nothing(
    owner: TestClient, client: TestClient, provider: Provider
) -> None:
    """The document of one provider leads to another: code, keys and signature are right there."""
    foreign = Provider()
    try:
        foreign.add("minji", email=MAIL, email_verified=True)
        places = {"authorization": "authorize", "token": "token"}
        provider.document = {
            f"{name}_endpoint": f"{foreign.issuer}/oauth2/{path}" for name, path in places.items()
        } | {"jwks_uri": f"{foreign.issuer}/jwks"}
        assert set_up(owner, provider).status_code == 200
        assert sign_on(client, provider).status_code == 403
        assert foreign.exchanges == 1
        assert not is_in(client)
    finally:
        foreign.close()


def test_an_answer_that_names_another_provider_is_not_exchanged(
    client: TestClient, provider: Provider
) -> None:
    """The mix-up attack, RFC 9207."""
    back = provider.let_in(begin(client).headers["location"], "minji")
    before = provider.exchanges
    assert client.get(f"{back}&iss=https://evil.example").status_code == 403
    assert provider.exchanges == before


def test_whoever_the_provider_refuses_reads_so(client: TestClient) -> None:
    state = parse_qs(urlsplit(begin(client).headers["location"]).query)["state"][0]
    query = {"state": state, "error": "access_denied", "error_description": "<script>"}
    answer = client.get("/sign-on/callback", params=query)
    assert (answer.status_code, "did not let you in" in answer.text) == (403, True)
    assert "<script>" not in answer.text


def test_whoever_comes_back_without_having_begun_begins_again(client: TestClient) -> None:
    cookie = {"Cookie": "nightclerk_sign_on=x"}
    for query in ("", "?code=x", "?state=x", "?state=%00&code=%ff", "?error=access_denied"):
        for headers in ({}, cookie):
            answer = client.get(f"/sign-on/callback{query}", headers=headers)
            assert (answer.status_code, "begin again" in answer.text) == (400, True)


def test_settings_that_changed_meanwhile_end_the_sign_on(
    owner: TestClient, client: TestClient, provider: Provider
) -> None:
    back = provider.let_in(begin(client).headers["location"], "minji")
    set_up(owner, provider, client_id="another")
    assert client.get(back).status_code == 409


def test_an_address_that_only_userinfo_tells_is_asked_for(
    client: TestClient, provider: Provider
) -> None:
    provider.document = {}
    token: dict[str, Any] = {}

    def without_mail(answer: dict[str, Any]) -> dict[str, Any]:
        token.update(answer)
        return answer

    provider.answer = without_mail
    provider.hide_mail = True
    try:
        assert sign_on(client, provider).status_code == 303
        assert "email" not in claims_of(token["id_token"])
    finally:
        provider.hide_mail = False


def test_one_network_signs_on_so_often_a_minute(api: Api, client: TestClient) -> None:
    statuses = {begin(client).status_code for _ in range(70)}
    assert statuses == {303, 429}
    assert browser(api, person(api)).get("/api/v1/me").status_code == 200
