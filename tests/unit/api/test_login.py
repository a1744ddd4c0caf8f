"""Logins by password: what opens, how long, and that nothing tells who there is."""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from services.api.access import passwords
from services.api.access.tables import sessions, users
from services.api.access.users import NewUser
from services.api.config import COOKIE
from tests.unit.api.conftest import BASE, HERE, Api
from tests.unit.api.people import browser, carry, person

WORDS = "correct horse battery"
HOUR_S = 3600


@pytest.fixture(scope="session")
def stored() -> str:
    return asyncio.run(passwords.hashed(WORDS))


@pytest.fixture
def owner(api: Api, stored: str) -> NewUser:
    return person(api, "owner", password_hash=stored)


def log_in(client: TestClient, user: NewUser, password: str = WORDS) -> Any:
    return client.post("/api/v1/session", json={"email": user.email, "password": password})


def test_a_password_opens(api: Api, owner: NewUser) -> None:
    client = browser(api)
    assert client.get("/api/v1/videos").status_code == 401
    answer = log_in(client, owner)
    assert answer.status_code == 204
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert client.get("/api/v1/me").json()["email"] == owner.email
    assert client.get("/api/v1/session").json() == {"required": True, "open": True}


def test_capitals_of_the_address_do_not_count(api: Api, owner: NewUser) -> None:
    body = {"email": f" {owner.email.upper()}", "password": WORDS}
    assert browser(api).post("/api/v1/session", json=body).status_code == 204


def test_wrong_unknown_and_deactivated_are_answered_alike(api: Api, owner: NewUser) -> None:
    gone = person(api, "viewer", password_hash=owner.password_hash)
    none = person(api, "viewer")
    with api.engine.begin() as connection:
        mine = users.c.user_id == str(gone.user_id)
        connection.execute(update(users).where(mine).values(is_active=False))
    unknown = {"email": "nobody@shop.example", "password": WORDS}
    answers = [
        log_in(browser(api), owner, "wrong words here"),
        log_in(browser(api), gone),
        log_in(browser(api), none),
        browser(api).post("/api/v1/session", json=unknown),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


@pytest.mark.parametrize(
    "body",
    [{}, {"email": "x"}, {"email": "a@b.example\r\nBcc: c@d.example"}, {"password": WORDS}],
)
def test_half_a_login_is_refused(api: Api, body: dict[str, str]) -> None:
    assert browser(api).post("/api/v1/session", json=body).status_code == 422


def test_a_cookie_that_was_there_before_opens_nothing_afterwards(api: Api, owner: NewUser) -> None:
    """Session fixation: whoever slipped a cookie to the browser has none of the login."""
    thief = person(api, "viewer")
    client = browser(api, thief)
    slipped = client.cookies[COOKIE]
    log_in(client, owner)
    assert client.cookies[COOKIE] != slipped
    fixed = browser(api)
    carry(fixed, slipped)
    assert fixed.get("/api/v1/videos").status_code == 401
    carry(fixed, "of-my-choice")
    log_in(fixed, owner)
    chosen = browser(api)
    carry(chosen, "of-my-choice")
    assert chosen.get("/api/v1/videos").status_code == 401


def test_a_login_ends_without_use_and_in_any_case(make_api: Callable[..., Api]) -> None:
    api = make_api(api_session_h=10, api_session_idle_h=2)
    used, unused = browser(api, person(api)), browser(api, person(api))
    for hour in range(1, 12):
        api.clock.wait(HOUR_S, Event())
        assert (used.get("/api/v1/videos").status_code == 200) == (hour < 10), hour
    assert unused.get("/api/v1/videos").status_code == 401


def test_one_sees_and_ends_ones_own_logins_alone(api: Api, owner: NewUser) -> None:
    here, there, other = browser(api, owner), browser(api, owner), browser(api, person(api))
    items = here.get("/api/v1/me/sessions").json()["items"]
    assert sorted(item["is_current"] for item in items) == [False, True]
    (away,) = [item["session_id"] for item in items if not item["is_current"]]
    assert other.delete(f"/api/v1/me/sessions/{away}").status_code == 404
    assert there.get("/api/v1/me").status_code == 200
    assert here.delete(f"/api/v1/me/sessions/{away}").status_code == 204
    assert (there.get("/api/v1/me").status_code, here.get("/api/v1/me").status_code) == (401, 200)


def test_another_password_ends_all_other_logins(api: Api, owner: NewUser) -> None:
    here, there = browser(api, owner), browser(api, owner)
    before = here.cookies[COOKIE]
    body = {"current": WORDS, "password": "another horse battery"}
    wrong = here.post("/api/v1/me/password", json=body | {"current": "not this one"})
    assert wrong.status_code == 403
    assert here.post("/api/v1/me/password", json=body).status_code == 204
    assert here.cookies[COOKIE] != before
    assert (there.get("/api/v1/me").status_code, here.get("/api/v1/me").status_code) == (401, 200)
    assert log_in(browser(api), owner).status_code == 401
    assert log_in(browser(api), owner, "another horse battery").status_code == 204


def test_a_hash_of_former_parameters_is_renewed(api: Api) -> None:
    former = passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(WORDS)
    old = person(api, password_hash=former)
    assert log_in(browser(api), old).status_code == 204
    with api.engine.connect() as connection:
        (kept,) = connection.scalars(select(users.c.password_hash)).all()
    assert not passwords.is_outdated(kept)
    assert log_in(browser(api), old).status_code == 204


def test_the_table_holds_no_secret(api: Api, owner: NewUser) -> None:
    client = browser(api)
    log_in(client, owner)
    with api.engine.connect() as connection:
        rows = str(connection.execute(select(sessions)).all())
    assert client.cookies[COOKIE] not in rows
    assert WORDS not in rows
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in str(owner.password_hash)


def test_what_changes_something_must_say_which_page_it_is_of(api: Api, owner: NewUser) -> None:
    cookie = {"Cookie": f"{COOKIE}={browser(api, owner).cookies[COOKIE]}"}
    bare = TestClient(api.client.app, BASE, client=HERE)

    def status(**headers: str) -> int:
        sent = cookie | {name.replace("_", "-"): value for name, value in headers.items()}
        return bare.post("/api/v1/stores", json={"name": "a"}, headers=sent).status_code

    assert status() == 403
    assert status(Origin="https://evil.example") == 403
    assert status(Origin="null") == 403
    assert status(Sec_Fetch_Site="cross-site") == 403
    assert status(Sec_Fetch_Site="same-site") == 403
    assert status(Origin=BASE) == 201
    assert status(Sec_Fetch_Site="same-origin") == 201
    assert bare.get("/api/v1/stores", headers=cookie).status_code == 200


@pytest.mark.parametrize(
    ("fields", "host", "client", "opens"),
    [
        ({}, "127.0.0.1:8080", "127.0.0.1", True),
        ({}, "localhost", "::1", True),
        ({}, "127.0.0.1:8080", "10.0.0.9", False),
        ({"api_token": "x"}, "127.0.0.1:8080", "127.0.0.1", False),
        ({"api_token": "x", "api_open_until_sign_up": True}, "127.0.0.1", "127.0.0.1", True),
        ({"api_token": "x", "api_open_until_sign_up": True}, "evil.example", "127.0.0.1", False),
        (
            {"api_token": "x", "api_open_until_sign_up": True, "api_host": "0.0.0.0"},
            "127.0.0.1",
            "127.0.0.1",
            False,
        ),
    ],
)
def test_this_machine_needs_no_login_until_somebody_signed_up(
    make_api: Callable[..., Api], fields: dict[str, Any], host: str, client: str, opens: bool
) -> None:
    api = make_api(**fields)
    asking = TestClient(api.client.app, BASE, client=(client, 1))
    headers = {"Host": host}
    assert (asking.get("/api/v1/videos", headers=headers).status_code == 200) == opens
    person(api)
    assert asking.get("/api/v1/videos", headers=headers).status_code in (401, 403)
