"""How people come in: the first owner by the set-up link, all others by invitation; and how they
come by another password.
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import msgpack
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from schemas.ids import DEFAULT_TENANT
from schemas.mails import MailRequested
from schemas.topics import MAILS
from services.api.access.tables import users
from services.api.principal import Role
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person, store, tenant
from tests.unit.api.test_login import WORDS

TOKEN = "the machine's own"
OWNER = {"email": "Owner@Shop.example", "name": "Kim Minji", "password": WORDS}


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random", api_token=TOKEN, api_open_until_sign_up=True)


@pytest.fixture
def posting(make_api: Callable[..., Api]) -> Api:
    """One that has a mail server."""
    return make_api(
        secret_key="long and random", smtp_host="mail", dashboard_url="https://nc.example/"
    )


def ticket_of(url: str) -> str:
    return url.rpartition("/")[2]


def setup_url(api: Api, tenant_id: UUID = DEFAULT_TENANT) -> str | None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = browser(api).get(f"/api/v1/tenants/{tenant_id}", headers=headers)
    url: str | None = answer.json()["setup_url"]
    return url


def signed_up(api: Api, url: str | None = None, **fields: Any) -> TestClient:
    client = browser(api)
    body = OWNER | fields | {"ticket": ticket_of(url or setup_url(api) or "")}
    answer = client.post("/api/v1/setup", json=body)
    assert answer.status_code == 204, answer.text
    return client


def mails(api: Api) -> list[tuple[MailRequested, dict[str, str]]]:
    """Those requested, with what is sealed in them."""
    found = []
    for item in api.publisher.published:
        if item.topic is MAILS:
            assert isinstance(item.message, MailRequested)
            content = api.tools.sealing.open_secret("mail", item.message.sealed)
            found.append((item.message, msgpack.unpackb(content)))
    return found


def test_the_first_owner_signs_up_and_nobody_else_needs_no_login(keyed: Api) -> None:
    assert keyed.client.get("/api/v1/videos").status_code == 200
    url = setup_url(keyed)
    assert url is not None
    assert url.startswith("http://127.0.0.1:8080/setup/")
    owner = signed_up(keyed, url)
    me = owner.get("/api/v1/me").json()
    assert (me["email"], me["role"], me["tenant"]) == ("owner@shop.example", "owner", "Default")
    assert keyed.client.get("/api/v1/videos").status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert keyed.client.get("/api/v1/videos", headers=headers).status_code == 200


def test_the_set_up_link_works_once(keyed: Api) -> None:
    url = setup_url(keyed)
    signed_up(keyed, url)
    assert setup_url(keyed) is None
    body = OWNER | {"email": "second@shop.example", "ticket": ticket_of(str(url))}
    assert browser(keyed).post("/api/v1/setup", json=body).status_code == 410


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"ticket": "gAAAA"}, 410),
        ({"ticket": ""}, 410),
        ({"password": "short"}, 422),
        ({"password": "x" * 300}, 422),
        ({"email": "no address"}, 422),
        ({"name": "\n"}, 422),
        ({"role": "owner"}, 422),
        ({"tenant_id": str(uuid4())}, 422),
    ],
)
def test_an_odd_sign_up_is_refused(keyed: Api, fields: dict[str, str], status: int) -> None:
    body = OWNER | {"ticket": ticket_of(setup_url(keyed) or "")} | fields
    assert browser(keyed).post("/api/v1/setup", json=body).status_code == status
    with keyed.engine.connect() as connection:
        assert connection.execute(select(users)).all() == []


def test_the_link_of_one_tenant_makes_no_owner_of_another(keyed: Api) -> None:
    other = tenant(keyed)
    owner = signed_up(keyed, setup_url(keyed, other))
    assert owner.get("/api/v1/me").json()["tenant_id"] == str(other)
    assert setup_url(keyed) is not None


def test_without_a_key_there_is_no_link(api: Api) -> None:
    view = api.client.get(f"/api/v1/tenants/{DEFAULT_TENANT}").json()
    assert view["setup_url"] is None
    body = {"email": "a@shop.example", "role": "viewer"}
    answer = api.client.post("/api/v1/invitations", json=body)
    assert (answer.status_code, "NIGHTCLERK_SECRET_KEY" in answer.text) == (503, True)
    assert api.client.get("/api/v1/invitations").json()["items"] == []


def invite(client: TestClient, **fields: Any) -> Any:
    body = {"email": "new@shop.example", "role": "manager"} | fields
    return client.post("/api/v1/invitations", json=body)


def test_an_invitation_is_accepted_once(keyed: Api) -> None:
    owner, place = signed_up(keyed), store(keyed)
    answer = invite(owner, store_ids=[str(place)], language="ko")
    assert answer.status_code == 201
    ticket = ticket_of(answer.json()["url"])
    client = browser(keyed)
    seen = client.post("/api/v1/invitations/opening", json={"ticket": ticket}).json()
    assert (seen["email"], seen["tenant"]) == ("new@shop.example", "Default")
    assert (seen["role"], seen["invited_by"]) == ("manager", "owner@shop.example")
    body = {"ticket": ticket, "name": "Park", "password": WORDS}
    assert client.post("/api/v1/invitations/acceptance", json=body).status_code == 204
    me = client.get("/api/v1/me").json()
    assert (me["role"], me["language"], me["sees_all_stores"]) == ("manager", "ko", False)
    assert [one["store_id"] for one in me["stores"]] == [str(place)]
    assert client.post("/api/v1/invitations/acceptance", json=body).status_code == 410
    assert owner.get("/api/v1/invitations").json()["items"] == []
    assert len(owner.get("/api/v1/users").json()["items"]) == 2


def test_an_invitation_that_was_taken_back_or_replaced_or_is_old_opens_nothing(keyed: Api) -> None:
    owner = signed_up(keyed)
    replaced, kept = invite(owner).json(), invite(owner).json()
    assert len(owner.get("/api/v1/invitations").json()["items"]) == 1
    old = invite(owner, email="old@shop.example").json()

    def opens(view: dict[str, str]) -> bool:
        body = {"ticket": ticket_of(view["url"])}
        return browser(keyed).post("/api/v1/invitations/opening", json=body).status_code == 200

    assert (opens(replaced), opens(kept), opens(old)) == (False, True, True)
    assert owner.delete(f"/api/v1/invitations/{kept['invitation_id']}").status_code == 204
    keyed.clock.wait(timedelta(days=8).total_seconds(), Event())
    assert (opens(kept), opens(old)) == (False, False)


def test_a_reset_link_is_no_invitation(keyed: Api) -> None:
    owner = signed_up(keyed)
    mine = owner.get("/api/v1/me").json()["user_id"]
    url = owner.post(f"/api/v1/users/{mine}/password-reset").json()["url"]
    body = {"ticket": ticket_of(url)}
    assert browser(keyed).post("/api/v1/invitations/opening", json=body).status_code == 410


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"email": "owner@shop.example"}, 409),
        ({"role": "owner", "store_ids": []}, 422),
        ({"role": "machine"}, 422),
        ({"store_ids": [str(uuid4())]}, 404),
        ({"email": "a@b.example\nBcc: c@d.example"}, 422),
        ({"tenant_id": str(uuid4())}, 422),
    ],
)
def test_an_odd_invitation_is_refused(keyed: Api, fields: dict[str, Any], status: int) -> None:
    assert invite(signed_up(keyed), **fields).status_code == status


def test_whoever_invites_hears_nothing_of_other_tenants(keyed: Api) -> None:
    owner = signed_up(keyed)
    known = person(keyed, tenant_id=tenant(keyed))
    answer = invite(owner, email=known.email)
    assert answer.status_code == 201
    body = {"ticket": ticket_of(answer.json()["url"]), "name": "a", "password": WORDS}
    assert browser(keyed).post("/api/v1/invitations/acceptance", json=body).status_code == 409


@pytest.mark.parametrize("role", ["viewer", "operator", "manager"])
def test_only_owners_invite(keyed: Api, role: Role) -> None:
    assert invite(browser(keyed, person(keyed, role))).status_code == 403


def test_an_invitation_goes_out_by_mail_and_nobody_else_sees_its_link(posting: Api) -> None:
    answer = invite(browser(posting, person(posting)), language="ko")
    assert answer.json()["url"] is None
    ((message, sealed),) = mails(posting)
    assert (message.kind, message.language, message.tenant_id) == (
        "invitation",
        "ko",
        DEFAULT_TENANT,
    )
    assert sealed["to"] == "new@shop.example"
    assert sealed["link"].startswith("https://nc.example/invitation/")
    assert "new@shop.example" not in message.model_dump_json()


def test_a_forgotten_password_is_replaced_once_and_all_logins_end(posting: Api) -> None:
    user = person(posting, password_hash="$argon2id$none")
    client, stranger = browser(posting, user), browser(posting)
    answers = [
        stranger.post("/api/v1/password-resets", json={"email": email})
        for email in (user.email.upper(), "nobody@shop.example")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    ((message, sealed),) = mails(posting)
    assert (message.kind, sealed["to"]) == ("password_reset", user.email)
    body = {"ticket": ticket_of(sealed["link"]), "password": "another horse battery"}
    assert stranger.post("/api/v1/password-resets/completion", json=body).status_code == 204
    assert client.get("/api/v1/me").status_code == 401
    login = {"email": user.email, "password": "another horse battery"}
    assert stranger.post("/api/v1/session", json=login).status_code == 204
    assert stranger.post("/api/v1/password-resets/completion", json=body).status_code == 410


def test_a_reset_link_lasts_an_hour(posting: Api) -> None:
    user = person(posting)
    browser(posting).post("/api/v1/password-resets", json={"email": user.email})
    ((_, sealed),) = mails(posting)
    posting.clock.wait(3601, Event())
    body = {"ticket": ticket_of(sealed["link"]), "password": WORDS}
    assert browser(posting).post("/api/v1/password-resets/completion", json=body).status_code == 410


def test_links_in_mails_are_of_the_settings_not_of_the_request(posting: Api) -> None:
    user = person(posting)
    headers = {"X-Forwarded-Host": "evil.example"}
    body = {"email": user.email}
    browser(posting).post("/api/v1/password-resets", json=body, headers=headers)
    ((_, sealed),) = mails(posting)
    assert sealed["link"].startswith("https://nc.example/reset/")
