"""Owners set single sign-on up, and decide who may still use a password."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.api.access import passwords
from services.api.signon.tables import single_sign_ons
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, invitation, person, tenant
from tests.unit.api.signon.provider import (
    DEPRECATIONS,
    MAIL,
    SECRET,
    Provider,
    actions,
    member,
    set_up,
    sign_on,
)

pytestmark = [pytest.mark.filterwarnings(DEPRECATIONS), pytest.mark.usefixtures("owner")]
WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def stored() -> str:
    return asyncio.run(passwords.hashed(WORDS))


def only_owners(owner: TestClient, is_so: bool = True) -> Any:
    return owner.patch("/api/v1/access-rules", json={"only_owners_use_passwords": is_so})


def log_in(api: Api, email: str) -> Any:
    return browser(api).post("/api/v1/session", json={"email": email, "password": WORDS})


def ways(api: Api, email: str | None = None) -> Any:
    query = {"email": email} if email else {}
    return browser(api).get("/api/v1/session/ways", params=query).json()


def test_what_is_set_up_is_shown_but_for_the_secret(
    api: Api, owner: TestClient, provider: Provider
) -> None:
    view = owner.get("/api/v1/single-sign-on")
    assert SECRET not in view.text
    shown = view.json()
    assert (shown["is_on"], shown["issuer"]) == (True, provider.issuer)
    assert (shown["has_client_secret"], shown["mail_domains"]) == (True, ["shop.example"])
    assert shown["redirect_uri"] == "http://127.0.0.1:8080/sign-on/callback"
    with api.engine.connect() as connection:
        sealed = connection.scalar(select(single_sign_ons.c.client_secret))
    assert sealed
    assert SECRET.encode() not in sealed
    assert SECRET not in str(actions(api))
    assert "single_sign_on.changed" in dict(actions(api))


def test_a_secret_is_kept_for_its_own_issuer_and_client_alone(
    owner: TestClient, provider: Provider
) -> None:
    kept = set_up(owner, provider, client_secret=None, mail_domains=["other.example"])
    assert kept.json()["has_client_secret"]
    other = set_up(owner, provider, client_secret=None, client_id="another")
    assert not other.json()["has_client_secret"]


def test_without_it_everybody_uses_passwords_again(
    api: Api, owner: TestClient, provider: Provider
) -> None:
    member(api)
    only_owners(owner)
    assert owner.delete("/api/v1/single-sign-on").status_code == 204
    assert not owner.get("/api/v1/single-sign-on").json()["is_on"]
    assert not owner.get("/api/v1/access-rules").json()["only_owners_use_passwords"]
    assert browser(api).get("/sign-on/" + "0" * 32).status_code == 404
    assert only_owners(owner).status_code == 422
    assert owner.delete("/api/v1/single-sign-on").status_code == 204
    assert [action for action, _ in actions(api)].count("single_sign_on.removed") == 1
    assert set_up(owner, provider).status_code == 200


def test_where_passwords_are_off_owners_alone_have_a_way_back(
    api: Api, owner: TestClient, provider: Provider, stored: str
) -> None:
    chief = person(api, "owner", password_hash=stored)
    clerk = member(api, password_hash=stored)
    assert log_in(api, MAIL).status_code == 204
    assert only_owners(owner).json()["only_owners_use_passwords"]
    refused = log_in(api, MAIL)
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/single-sign-on")
    assert log_in(api, chief.email).status_code == 204
    assert sign_on(browser(api), provider).status_code == 303
    reset = owner.post(f"/api/v1/users/{clerk.user_id}/password-reset")
    assert reset.status_code == 409
    assert ways(api, MAIL)["password"] is False


def test_where_passwords_are_off_an_invitation_is_accepted_by_signing_on(
    api: Api, owner: TestClient, provider: Provider
) -> None:
    only_owners(owner)
    wanted = {"email": MAIL, "role": "operator"}
    url = owner.post("/api/v1/invitations", json=wanted).json()["url"]
    body = {"ticket": url.rpartition("/")[2], "name": "Minji", "password": WORDS}
    answer = browser(api).post("/api/v1/invitations/acceptance", json=body)
    assert answer.status_code == 409
    assert sign_on(browser(api), provider).status_code == 303


def test_the_ways_in_tell_nobody_who_has_an_account(api: Api, owner: TestClient) -> None:
    member(api)
    invitation(api, email="invited@shop.example")
    asked = [ways(api, f"{name}@shop.example") for name in ("minji", "invited", "nobody")]
    assert asked[0] == asked[1] == asked[2]
    (way,) = asked[0]["single_sign_on"]
    assert owner.get("/api/v1/single-sign-on").json()["start_url"].endswith(way["url"])
    assert ways(api, "a@other.example") == {"password": True, "single_sign_on": []}
    assert ways(api)["single_sign_on"] == [way]
    tenant(api)
    assert ways(api)["single_sign_on"] == []
    assert ways(api, MAIL)["single_sign_on"] == [way]


def test_another_tenants_sign_on_is_its_own(
    api: Api, owner: TestClient, provider: Provider
) -> None:
    other = browser(api, person(api, "owner", tenant_id=tenant(api)))
    assert not other.get("/api/v1/single-sign-on").json()["is_on"]
    assert set_up(other, provider, client_id="another").status_code == 200
    assert owner.get("/api/v1/single-sign-on").json()["client_id"] == "nightclerk"
    assert len(ways(api, MAIL)["single_sign_on"]) == 2


def test_a_provider_where_none_may_be_is_not_set_up(
    make_api: Callable[..., Api], provider: Provider
) -> None:
    api = make_api(secret_key="x")
    answer = set_up(browser(api, person(api, "owner")), provider)
    assert (answer.status_code, "https://" in answer.json()["detail"]) == (422, True)
