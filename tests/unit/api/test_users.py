"""People of a tenant: changed, let go, never without an owner; and tenants themselves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from schemas.ids import DEFAULT_TENANT
from services.api.access import users as queries
from services.api.access.users import NewUser
from services.api.principal import Role
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person, store, tenant
from tests.unit.api.test_uploads import MP4


def at(user: NewUser) -> str:
    return f"/api/v1/users/{user.user_id}"


@pytest.fixture
def owner(api: Api) -> TestClient:
    return browser(api, person(api))


def test_another_role_counts_at_once(api: Api, owner: TestClient) -> None:
    user = person(api, "viewer")
    client = browser(api, user)
    assert client.post("/api/v1/videos", content=MP4).status_code == 403
    assert owner.patch(at(user), json={"role": "operator"}).json()["role"] == "operator"
    assert client.post("/api/v1/videos", content=MP4).status_code == 202


def test_somebody_bound_to_a_store_sees_no_other_at_once(api: Api, owner: TestClient) -> None:
    user, mine, other = person(api, "viewer"), store(api), store(api)
    video = owner.post("/api/v1/videos", content=MP4, params={"store_id": str(other)}).json()
    client, where = browser(api, user), f"/api/v1/videos/{video['video_id']}"
    assert client.get(where).status_code == 200
    view = owner.patch(at(user), json={"store_ids": [str(mine)]}).json()
    assert view["store_ids"] == [str(mine)]
    assert client.get(where).status_code == 404
    assert client.get(f"{where}/media").status_code == 404
    assert owner.patch(at(user), json={"store_ids": None}).json()["store_ids"] is None
    assert client.get(where).status_code == 200


def test_a_deactivated_user_is_out_at_once_and_may_come_back(api: Api, owner: TestClient) -> None:
    user = person(api, "manager")
    client = browser(api, user)
    assert owner.patch(at(user), json={"is_active": False}).json()["is_active"] is False
    assert client.get("/api/v1/me").status_code == 401
    owner.patch(at(user), json={"is_active": True})
    assert client.get("/api/v1/me").status_code == 401
    assert browser(api, user).get("/api/v1/me").status_code == 200


def test_a_removed_user_is_gone(api: Api, owner: TestClient) -> None:
    user = person(api, "manager", store_ids=frozenset({store(api)}))
    client = browser(api, user)
    assert owner.delete(at(user)).status_code == 204
    assert client.get("/api/v1/me").status_code == 401
    assert owner.get(at(user)).status_code == 404
    assert owner.delete(at(user)).status_code == 404


@pytest.mark.parametrize("body", [{"role": "manager"}, {"is_active": False}])
def test_the_last_owner_stays(api: Api, body: dict[str, Any]) -> None:
    last = person(api)
    client = browser(api, last)
    person(api, tenant_id=tenant(api))
    assert client.patch(at(last), json=body).status_code == 409
    assert client.delete(at(last)).status_code == 409
    second = person(api)
    assert client.patch(at(second), json=body).status_code == 200
    assert client.delete(at(last)).status_code == 409
    third = person(api)
    assert client.delete(at(last)).status_code == 204
    assert browser(api, third).get("/api/v1/users").status_code == 200


def test_two_owners_who_go_at_once_do_not_both_go(api: Api) -> None:
    pair = [person(api), person(api)]
    clients = [browser(api, user) for user in pair]
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(client.delete, at(user)) for client, user in zip(clients, pair, strict=True)
        ]
        statuses = sorted(one.result().status_code for one in asked)
    assert statuses in ([204, 401], [204, 409])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"role": "god"}, 422),
        ({"role": "owner", "store_ids": []}, 422),
        ({"store_ids": [str(uuid4())]}, 404),
        ({"password_hash": "x"}, 422),
        ({"tenant_id": str(uuid4())}, 422),
        ({"email": "other@shop.example"}, 422),
        ({"name": ""}, 422),
    ],
)
def test_an_odd_change_is_refused(
    api: Api, owner: TestClient, fields: dict[str, Any], status: int
) -> None:
    assert owner.patch(at(person(api, "viewer")), json=fields).status_code == status


def test_whoever_becomes_an_owner_sees_all_stores(api: Api, owner: TestClient) -> None:
    user = person(api, "manager", store_ids=frozenset({store(api)}))
    assert owner.patch(at(user), json={"role": "owner"}).json()["store_ids"] is None


@pytest.mark.parametrize("role", ["viewer", "operator", "manager"])
def test_only_owners_know_and_change_people(api: Api, role: Role) -> None:
    user, client = person(api), browser(api, person(api, role))
    assert client.get("/api/v1/users").status_code == 403
    assert client.get(at(user)).status_code == 403
    assert client.patch(at(user), json={"role": "viewer"}).status_code == 403
    assert client.delete(at(user)).status_code == 403


def test_people_of_another_tenant_do_not_exist(api: Api, owner: TestClient) -> None:
    foreign = person(api, "viewer", tenant_id=tenant(api))
    session = browser(api, foreign)
    for method, path in (
        ("GET", at(foreign)),
        ("DELETE", at(foreign)),
        ("GET", f"{at(foreign)}/sessions"),
        ("DELETE", f"{at(foreign)}/sessions"),
        ("POST", f"{at(foreign)}/password-reset"),
    ):
        assert owner.request(method, path).status_code == 404
    assert owner.patch(at(foreign), json={"role": "owner"}).status_code == 404
    query = {"tenant_id": str(foreign.tenant_id)}
    assert owner.get("/api/v1/users", params=query).json()["items"] == []
    assert session.get("/api/v1/me").status_code == 200


def test_an_owner_ends_the_logins_of_another(api: Api, owner: TestClient) -> None:
    user = person(api, "viewer")
    client = browser(api, user)
    assert len(owner.get(f"{at(user)}/sessions").json()["items"]) == 1
    assert owner.delete(f"{at(user)}/sessions").status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_one_changes_ones_own_name_but_not_ones_role(api: Api) -> None:
    client = browser(api, person(api, "viewer"))
    assert client.patch("/api/v1/me", json={"name": "Park", "language": "ko"}).json()["name"] == (
        "Park"
    )
    assert client.patch("/api/v1/me", json={"role": "owner"}).status_code == 422
    assert api.client.patch("/api/v1/me", json={"name": "Park"}).status_code == 401


@pytest.mark.parametrize(
    ("bound", "place", "is_active", "expected"),
    [
        (None, "mine", True, True),
        ("mine", "mine", True, True),
        ("mine", "other", True, False),
        (None, "mine", False, False),
    ],
)
def test_who_may_be_assigned_what(
    api: Api, owner: TestClient, bound: str | None, place: str, is_active: bool, expected: bool
) -> None:
    places = {"mine": store(api), "other": store(api)}
    user = person(api, "operator", store_ids=frozenset({places[bound]}) if bound else None)
    owner.patch(at(user), json={"is_active": is_active})
    with api.engine.connect() as connection:
        asked = DEFAULT_TENANT, places[place], user.user_id
        assert queries.is_member(connection, *asked) == expected
        assert not queries.is_member(connection, uuid4(), *asked[1:])


def test_the_machine_adds_and_renames_tenants(api: Api) -> None:
    answer = api.client.post("/api/v1/tenants", json={"name": "Corner shops"})
    where, other = answer.headers["location"], UUID(answer.json()["tenant_id"])
    assert answer.status_code == 201
    assert api.client.get(where).json() == answer.json()
    assert api.client.patch(where, json={"name": "Kiosks"}).json()["name"] == "Kiosks"
    stores = api.client.get("/api/v1/stores", params={"tenant_id": str(other)}).json()["items"]
    assert [one["is_default"] for one in stores] == [True]
    assert len(api.client.get("/api/v1/tenants").json()["items"]) == 2
    assert api.client.get(f"/api/v1/tenants/{uuid4()}").status_code == 404


def test_owners_are_not_the_machine(owner: TestClient) -> None:
    where = f"/api/v1/tenants/{DEFAULT_TENANT}"
    assert owner.get("/api/v1/tenants").status_code == 403
    assert owner.get(where).status_code == 403
    assert owner.patch(where, json={"name": "a"}).status_code == 403
    assert owner.post("/api/v1/tenants", json={"name": "a"}).status_code == 403
