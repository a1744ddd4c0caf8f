"""Stores: whose they are, who may change them, and what belongs to them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from schemas.alerts import AlertClosed
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.topics import SOURCES
from services.api.access.tenants import ensure_default
from services.api.principal import Role
from tests.unit.api.builders import alert
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person, store, tenant
from tests.unit.api.test_uploads import MP4

MAIN = str(default_store(DEFAULT_TENANT))
CAMERA = {"name": "Till 1", "address": "rtsp://10.0.0.9/a"}


def add_camera(client: TestClient, **fields: Any) -> Any:
    answer = client.post("/api/v1/cameras", json=CAMERA | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_there_is_a_store_from_the_beginning_and_starting_again_changes_nothing(api: Api) -> None:
    api.client.patch(f"/api/v1/stores/{MAIN}", json={"name": "Station Road"})
    ensure_default(api.engine, api.clock.now())
    (found,) = api.client.get("/api/v1/stores").json()["items"]
    assert (found["store_id"], found["name"], found["is_default"]) == (MAIN, "Station Road", True)
    assert api.client.delete(f"/api/v1/stores/{MAIN}").status_code == 409


def test_a_store_is_added_changed_and_removed(api: Api) -> None:
    hours = {"time_zone": "Asia/Seoul", "open": {"monday": [{"start": "06:00", "end": "01:00"}]}}
    answer = api.client.post("/api/v1/stores", json={"name": "Seoul", "hours": hours})
    where = answer.headers["location"]
    assert answer.status_code == 201
    assert api.client.get(where).json() == answer.json()
    assert answer.json()["hours"]["open"]["monday"] == [{"start": "06:00", "end": "01:00"}]
    assert api.client.patch(where, json={"name": "Busan"}).json()["hours"] == answer.json()["hours"]
    assert api.client.delete(where).status_code == 204
    assert api.client.get(where).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": " "},
        {"name": "a", "hours": {"time_zone": "Mars/Olympus"}},
        {"name": "a", "hours": {"time_zone": "../../etc/passwd"}},
        {"name": "a", "hours": {"time_zone": "/etc/localtime"}},
        {"name": "a", "tenant_id": str(uuid4())},
        {"name": "a", "hours": {"open": {"monday": [{"start": "25:00", "end": "01:00"}]}}},
    ],
)
def test_an_odd_store_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.client.post("/api/v1/stores", json=body).status_code == 422


def test_a_store_in_use_stays(api: Api) -> None:
    place = str(store(api))
    camera = add_camera(api.client, store_id=place)
    assert api.client.delete(f"/api/v1/stores/{place}").status_code == 409
    api.client.patch(f"/api/v1/cameras/{camera['source_id']}", json={"store_id": MAIN})
    assert api.client.delete(f"/api/v1/stores/{place}").status_code == 204


def test_cameras_and_uploads_belong_to_the_store_that_is_named(api: Api) -> None:
    place = str(store(api))
    assert (add_camera(api.client)["store_id"], MAIN) == (MAIN, MAIN)
    camera = add_camera(api.client, store_id=place)
    assert (camera["store_id"], camera["store"]) == (place, "Station Road")
    form = {"files": {"file": ("a.mp4", MP4)}, "data": {"store_id": place}}
    for given in (form, {"content": MP4, "params": {"store_id": place}}):
        video = api.client.post("/api/v1/videos", **given).json()
        assert (video["store_id"], video["store"]) == (place, "Station Road")
    told = [item.message for item in api.publisher.published if item.topic is SOURCES]
    assert [str(message.store_id) for message in told] == [MAIN, place, place, place]  # type: ignore[union-attr]
    assert len(api.client.get("/api/v1/sources", params={"store_id": place}).json()["items"]) == 3
    (only,) = api.client.get("/api/v1/cameras", params={"store_id": place}).json()["items"]
    assert only["source_id"] == camera["source_id"]


def test_an_alert_names_its_store(api: Api) -> None:
    video = UUID(api.upload(MP4).json()["video_id"])
    api.project(alert(AlertClosed, source_id=video))
    (found,) = api.client.get("/api/v1/alerts").json()["items"]
    assert (found["store_id"], found["store"]) == (MAIN, "Main store")


def test_nothing_is_put_into_a_store_that_is_not_theirs(api: Api) -> None:
    foreign, unseen, mine = store(api, tenant(api)), store(api), store(api)
    manager = browser(api, person(api, "manager", store_ids=frozenset({mine})))
    camera = add_camera(manager)
    assert camera["store_id"] == str(mine)
    for place in (foreign, unseen, uuid4()):
        body = CAMERA | {"store_id": str(place)}
        assert manager.post("/api/v1/cameras", json=body).status_code == 404
        where = f"/api/v1/cameras/{camera['source_id']}"
        assert manager.patch(where, json={"store_id": str(place)}).status_code == 404
        query = {"store_id": str(place)}
        assert manager.post("/api/v1/videos", content=MP4, params=query).status_code == 404
    assert list(api.store.list("")) == []
    odd = manager.post("/api/v1/videos", content=MP4, params={"store_id": "x"})
    assert odd.status_code == 422


def test_a_refused_form_leaves_nothing_in_the_store(api: Api) -> None:
    owner = browser(api, person(api))
    form = {"file": ("a.mp4", MP4)}, {"store_id": str(uuid4())}
    answer = owner.post("/api/v1/videos", files=form[0], data=form[1])
    assert answer.status_code == 404
    assert list(api.store.list("")) == []


def test_whoever_belongs_to_no_store_puts_nothing_anywhere(api: Api) -> None:
    nobody = browser(api, person(api, "manager", store_ids=frozenset()))
    assert nobody.post("/api/v1/cameras", json=CAMERA).status_code == 403
    assert nobody.post("/api/v1/videos", content=MP4).status_code == 403
    assert nobody.get("/api/v1/stores").json()["items"] == []


def test_the_machine_moves_no_camera_to_another_tenant(api: Api) -> None:
    foreign = store(api, tenant(api))
    camera = add_camera(api.client)
    where = f"/api/v1/cameras/{camera['source_id']}"
    assert api.client.patch(where, json={"store_id": str(foreign)}).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "operator", "manager"])
def test_only_owners_change_stores(api: Api, role: Role) -> None:
    place, client = store(api), browser(api, person(api, role))
    where = f"/api/v1/stores/{place}"
    assert client.get(where).status_code == 200
    assert client.post("/api/v1/stores", json={"name": "a"}).status_code == 403
    assert client.patch(where, json={"name": "a"}).status_code == 403
    assert client.delete(where).status_code == 403


def test_another_tenants_store_does_not_exist(api: Api) -> None:
    other = tenant(api)
    place, owner = store(api), browser(api, person(api, tenant_id=other))
    where = f"/api/v1/stores/{place}"
    assert owner.get(where).status_code == 404
    assert owner.patch(where, json={"name": "a"}).status_code == 404
    assert owner.delete(where).status_code == 404
    query = {"tenant_id": str(DEFAULT_TENANT)}
    assert owner.post("/api/v1/stores", json={"name": "a"}, params=query).status_code == 404
    assert owner.get("/api/v1/stores", params=query).json()["items"] == []
    assert len(owner.get("/api/v1/stores").json()["items"]) == 1


def test_a_bound_manager_sees_their_stores_alone(api: Api) -> None:
    mine, other = store(api), store(api, name="Elsewhere")
    manager = browser(api, person(api, "manager", store_ids=frozenset({mine})))
    assert [one["store_id"] for one in manager.get("/api/v1/stores").json()["items"]] == [str(mine)]
    assert manager.get(f"/api/v1/stores/{other}").status_code == 404
    me = manager.get("/api/v1/me").json()
    assert me["stores"] == [{"store_id": str(mine), "name": "Station Road"}]
    assert me["rights"] == ["configure", "review", "upload", "view"]
    assert (me["role"], me["kind"], me["tenant"]) == ("manager", "user", "Default")


def test_stores_come_in_pages(api: Api) -> None:
    for number in range(5):
        store(api, name=f"Store {number}")
    seen, query = [], {"limit": "2"}
    while True:
        page = api.client.get("/api/v1/stores", params=query).json()
        seen += [one["store_id"] for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(seen) == len(set(seen)) == 6


def test_the_machine_is_itself(api: Api) -> None:
    me = api.client.get("/api/v1/me").json()
    assert (me["kind"], me["tenant_id"], me["sees_all_stores"]) == ("machine", None, True)
