"""API keys: what they may do, how they end, what is kept of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from schemas.ids import DEFAULT_TENANT
from services.api.access.credentials import api_keys
from services.api.access.tables import users
from services.api.access.users import NewUser
from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import BASE, Api
from tests.unit.api.people import browser, person, store, tenant

ALL = ["administer", "configure", "review", "upload", "view"]


def made(client: TestClient, path: str = "/api/v1/keys", **fields: Any) -> dict[str, Any]:
    answer = client.post(path, json={"name": "dashboard", "rights": ["view"]} | fields)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


def program(api: Api, key: str) -> TestClient:
    """A client that shows the key, from elsewhere."""
    headers = {"Authorization": f"Bearer {key}"}
    return TestClient(
        api.client.app, BASE, headers=headers, client=("203.0.113.7", 1),
        raise_server_exceptions=False,
    )  # fmt: skip


@pytest.fixture
def owner(api: Api) -> NewUser:
    return person(api)


def test_a_key_does_what_its_scopes_say(api: Api, owner: NewUser) -> None:
    key = made(browser(api, owner))["key"]
    client = program(api, key)
    assert client.get("/api/v1/cameras").status_code == 200
    camera = {"name": "Till", "address": "sim://store"}
    assert client.post("/api/v1/cameras", json=camera).status_code == 403
    assert client.get("/api/v1/audit").status_code == 403
    shown = client.get("/api/v1/me").json()
    assert (shown["kind"], shown["name"], shown["rights"]) == ("key", "dashboard", ["view"])


def test_a_key_sees_one_chain_only(api: Api, owner: NewUser) -> None:
    other = tenant(api)
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=uuid4()))
    ours = program(api, made(browser(api, owner))["key"])
    theirs = program(api, made(browser(api, person(api, "owner", other)))["key"])
    assert ours.get(f"/api/v1/cameras/{CAMERA}").status_code == 200
    assert theirs.get(f"/api/v1/cameras/{CAMERA}").status_code == 404
    assert theirs.get("/api/v1/keys").status_code == 403


def test_a_key_of_one_store_sees_no_other(api: Api, owner: NewUser) -> None:
    first, second = store(api), store(api, name="Second")
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=first))
    client = browser(api, owner)
    of_first = program(api, made(client, store_ids=[str(first)])["key"])
    of_second = program(api, made(client, store_ids=[str(second)])["key"])
    assert of_first.get(f"/api/v1/cameras/{CAMERA}").status_code == 200
    assert of_second.get(f"/api/v1/cameras/{CAMERA}").status_code == 404


def test_nobody_makes_a_key_that_may_more_than_they(api: Api, owner: NewUser) -> None:
    viewer = browser(api, person(api, "viewer"))
    entry = {"name": "k", "rights": ["view", "configure"]}
    refused = viewer.post("/api/v1/me/keys", json=entry)
    assert (refused.status_code, "may not configure" in refused.json()["detail"]) == (422, True)
    assert viewer.post("/api/v1/keys", json=entry).status_code == 403
    administering = program(api, made(browser(api, owner), rights=["administer", "view"])["key"])
    assert administering.post("/api/v1/keys", json=entry).status_code == 422
    assert administering.post("/api/v1/me/keys", json=entry).status_code == 403


def test_nobody_makes_a_key_for_a_store_that_is_not_theirs(api: Api) -> None:
    first, second, foreign = store(api), store(api, name="Second"), store(api, tenant(api))
    manager = browser(api, person(api, "manager", store_ids=frozenset({first})))
    entry = {"name": "k", "rights": ["view"]}
    for store_id in (second, foreign, uuid4()):
        answer = manager.post("/api/v1/me/keys", json=entry | {"store_ids": [str(store_id)]})
        assert answer.status_code == 404
    assert made(manager, "/api/v1/me/keys")["store_ids"] == [str(first)]


def test_a_key_follows_what_its_maker_may_now(api: Api) -> None:
    manager = person(api, "manager")
    client = program(
        api, made(browser(api, manager), "/api/v1/me/keys", rights=["configure"])["key"]
    )
    camera = {"name": "Till", "address": "sim://store"}
    assert client.post("/api/v1/cameras", json=camera).status_code == 201
    change(api, manager, role="viewer")
    assert client.post("/api/v1/cameras", json=camera).status_code == 403
    change(api, manager, is_active=False)
    assert client.post("/api/v1/cameras", json=camera).status_code == 401


def change(api: Api, user: NewUser, **values: Any) -> None:
    with api.engine.begin() as connection:
        mine = users.c.user_id == str(user.user_id)
        connection.execute(update(users).where(mine).values(values))


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(api: Api, owner: NewUser) -> None:
    client, key = browser(api, owner), made(browser(api, owner))
    path = f"/api/v1/keys/{key['key_id']}"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 204
    assert program(api, key["key"]).get("/api/v1/videos").status_code == 401
    listed = client.get("/api/v1/keys").json()["items"][0]
    assert (listed["is_active"], "key" in listed) == (False, False)


def test_a_key_runs_out(api: Api, owner: NewUser) -> None:
    ends = api.clock.now() + timedelta(days=1)
    key = made(browser(api, owner), expires_at=ends.isoformat())["key"]
    client = program(api, key)
    assert client.get("/api/v1/videos").status_code == 200
    api.clock.step(86_400)
    assert client.get("/api/v1/videos").status_code == 401
    past = {"name": "k", "rights": ["view"], "expires_at": ends.isoformat()}
    assert browser(api, owner).post("/api/v1/keys", json=past).status_code == 422


@pytest.mark.parametrize(
    "shown", ["nk_", "nk_x_y", "nk_" + "0" * 32 + "_" + "x" * 43, "{key}x", "{cut}", "NK{rest}"]
)
def test_what_only_looks_like_a_key_opens_nothing(api: Api, owner: NewUser, shown: str) -> None:
    key = made(browser(api, owner))["key"]
    text = shown.format(key=key, cut=key[:-1], rest=key[2:])
    assert program(api, text).get("/api/v1/videos").status_code == 401


def test_a_wrong_key_is_refused_even_with_a_cookie(api: Api, owner: NewUser) -> None:
    client = browser(api, owner)
    headers = {"Authorization": "Bearer nk_" + "0" * 32 + "_" + "x" * 43}
    assert client.get("/api/v1/videos", headers=headers).status_code == 401


def test_nothing_of_the_secret_is_kept(api: Api, owner: NewUser) -> None:
    secret = made(browser(api, owner))["key"].split("_", 2)[2]
    with api.engine.connect() as connection:
        row = connection.execute(select(api_keys)).one()
    assert secret not in str(row)
    assert secret not in str(browser(api, owner).get("/api/v1/audit").json())


def test_the_last_use_is_noted_once_a_minute(api: Api, owner: NewUser) -> None:
    client = browser(api, owner)
    key = made(client)
    seen = []
    for _ in range(4):
        program(api, key["key"]).get("/api/v1/videos")
        seen.append(client.get("/api/v1/keys").json()["items"][0]["last_used_at"])
        api.clock.step(25)
    assert len(set(seen)) == 2
    assert client.get("/api/v1/keys").json()["items"][0]["last_address"] == "203.0.113.7"


def test_ones_own_keys_are_nobody_elses(api: Api) -> None:
    first, second = browser(api, person(api, "viewer")), browser(api, person(api, "viewer"))
    key = made(first, "/api/v1/me/keys")
    assert second.get("/api/v1/me/keys").json()["items"] == []
    assert second.delete(f"/api/v1/me/keys/{key['key_id']}").status_code == 404
    assert first.delete(f"/api/v1/me/keys/{key['key_id']}").status_code == 204


def test_keys_stand_in_the_audit_log_and_act_in_it(api: Api, owner: NewUser) -> None:
    client = browser(api, owner)
    key = made(client, rights=["configure", "view"])
    program(api, key["key"]).post("/api/v1/cameras", json={"name": "T", "address": "sim://store"})
    client.delete(f"/api/v1/keys/{key['key_id']}")
    revoked, added, first = client.get("/api/v1/audit").json()["items"]
    assert [first["action"], revoked["action"]] == ["key.made", "key.revoked"]
    assert (added["actor_kind"], added["actor_name"]) == ("key", "dashboard")
    assert added["actor_id"] == key["key_id"] == str(UUID(key["key_id"]))
    assert added["address"] == "203.0.113.7"
