"""Single sign-on against a real provider: who gets in, as whom, and who does not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.api.access import totp
from services.api.access import users as user_queries
from services.api.access.tables import sessions
from services.api.config import COOKIE
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, invitation, person, store, tenant
from tests.unit.api.signon.provider import (
    DEPRECATIONS,
    MAIL,
    Provider,
    actions,
    begin,
    member,
    set_up,
    sign_on,
)

pytestmark = [pytest.mark.filterwarnings(DEPRECATIONS), pytest.mark.usefixtures("owner")]


def me(client: TestClient) -> Any:
    return client.get("/api/v1/me").json()


def test_whoever_has_an_account_gets_in(api: Api, provider: Provider) -> None:
    user, client = member(api), browser(api)
    answer = sign_on(client, provider, path="/cameras")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cameras")
    assert me(client)["user_id"] == str(user.user_id)
    cookies = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
    session = next(value for value in cookies if value.startswith(COOKIE))
    assert "HttpOnly" in session
    assert "SameSite=strict" in session
    assert actions(api)[-2:] == [
        (
            "identity.linked",
            {"issuer": provider.issuer, "subject": "minji", "way": "single sign-on"},
        ),
        ("session.opened", {"way": "single sign-on"}),
    ]


def test_the_cookie_of_a_sign_on_is_short_lived_and_for_this_browser_alone(api: Api) -> None:
    cookie = begin(browser(api)).headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Max-Age=600"))
    assert "Path=/sign-on" in cookie


def test_an_invitation_makes_the_account(api: Api, owner: TestClient, provider: Provider) -> None:
    shop = store(api)
    invitation(api, email=MAIL, role="manager", store_ids=[shop])
    client = browser(api)
    assert sign_on(client, provider).status_code == 303
    found = me(client)
    assert (found["name"], found["role"], found["language"]) == ("Kim Minji", "manager", "ko")
    assert [each["store_id"] for each in found["stores"]] == [str(shop)]
    assert owner.get("/api/v1/invitations").json()["items"] == []
    assert "user.joined" in [action for action, _ in actions(api)]


def test_nobody_comes_uninvited_unless_the_tenant_wants_it(
    api: Api, owner: TestClient, provider: Provider
) -> None:
    assert sign_on(browser(api), provider).status_code == 403
    shop = store(api)
    newcomers = {"role": "viewer", "store_ids": [str(shop)]}
    assert set_up(owner, provider, newcomers=newcomers).json()["newcomers"] == newcomers
    client = browser(api)
    assert sign_on(client, provider).status_code == 303
    assert (me(client)["role"], me(client)["sees_all_stores"]) == ("viewer", False)


def test_once_linked_the_subject_counts_and_not_the_address(api: Api, provider: Provider) -> None:
    user = member(api)
    sign_on(browser(api), provider)
    provider.add("minji", email="married@shop.example", email_verified=True)
    client = browser(api)
    sign_on(client, provider)
    assert me(client)["user_id"] == str(user.user_id)
    provider.add("other", email=MAIL, email_verified=True)
    heir = browser(api)
    assert sign_on(heir, provider, "other").status_code == 403
    assert heir.get("/api/v1/me").status_code == 401


def test_an_address_that_nobody_verified_opens_nothing(api: Api, provider: Provider) -> None:
    member(api)
    provider.add("minji", email=MAIL, email_verified=False)
    client = browser(api)
    answer = sign_on(client, provider)
    assert (answer.status_code, "has not verified" in answer.text) == (403, True)
    assert client.get("/api/v1/me").status_code == 401
    assert actions(api)[-1][0] == "login.refused"


def test_a_deactivated_account_opens_nothing(api: Api, provider: Provider) -> None:
    user = member(api)
    for is_linked in (False, True):
        with api.engine.begin() as connection:
            fields = {"is_active": is_linked}
            user_queries.change(connection, user.user_id, fields, api.clock.now())
        if is_linked:
            sign_on(browser(api), provider)
            with api.engine.begin() as connection:
                fields = {"is_active": False}
                user_queries.change(connection, user.user_id, fields, api.clock.now())
        assert sign_on(browser(api), provider).status_code == 403


def test_an_account_of_another_tenant_is_nobodys_here(
    api: Api, owner: TestClient, provider: Provider
) -> None:
    member(api, tenant_id=tenant(api))
    assert set_up(owner, provider, newcomers={"role": "viewer"}).status_code == 200
    client = browser(api)
    assert sign_on(client, provider).status_code == 403
    assert client.get("/api/v1/me").status_code == 401


def test_the_login_that_the_browser_had_ends(api: Api, provider: Provider) -> None:
    member(api)
    client = browser(api, person(api, "viewer"))
    before = client.cookies[COOKIE]
    begun = begin(client)
    back = provider.let_in(begun.headers["location"], "minji")
    del client.cookies[COOKIE]  # strict: it does not come along from the provider's page
    assert client.get(back, follow_redirects=False).status_code == 303
    assert client.cookies[COOKIE] != before
    stranger = browser(api)
    stranger.cookies.set(COOKIE, before)
    assert stranger.get("/api/v1/me").status_code == 401


def test_a_second_factor_is_asked_for(api: Api, provider: Provider) -> None:
    user = member(api)
    with api.engine.begin() as connection:
        secret = totp.begin(connection, api.tools.sealing, user.user_id)
        now = api.clock.now()
        first = pyotp.TOTP(secret).at(now - timedelta(seconds=30))
        assert totp.confirm(connection, api.tools.sealing, user.user_id, first, now)
    client = browser(api)
    asking = sign_on(client, provider, path="/cameras")
    assert (asking.status_code, COOKIE in client.cookies) == (200, False)
    assert "one-time-code" in asking.text
    wrong = client.post("/sign-on/code", data={"code": "000000"}, follow_redirects=False)
    assert (wrong.status_code, COOKIE in client.cookies) == (401, False)
    api.clock.step(2)  # whoever failed once waits a moment
    right = {"code": pyotp.TOTP(secret).at(api.clock.now())}
    answer = client.post("/sign-on/code", data=right, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cameras")
    assert me(client)["user_id"] == str(user.user_id)


def test_nobody_is_sent_elsewhere(api: Api, provider: Provider) -> None:
    member(api)
    answer = sign_on(browser(api), provider, path="https://evil.example/")
    assert answer.headers["location"] == "/"


def test_sessions_are_opened_for_whom_they_are(api: Api, provider: Provider) -> None:
    user = member(api)
    sign_on(browser(api), provider)
    with api.engine.connect() as connection:
        query = select(sessions.c.session_id).where(sessions.c.user_id == str(user.user_id))
        assert len(connection.scalars(query).all()) == 1


def test_a_tenant_without_it_has_no_way_in(api: Api) -> None:
    for name in (str(UUID(int=5)), "nonsense", "callback%2f.."):
        answer = browser(api).get(f"/sign-on/{name}", follow_redirects=False)
        assert answer.status_code == 404
