"""Detectors are registered, described, retired and removed; each tenant has its own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from services.api.auth import authenticated
from services.api.principal import RIGHTS, Actor, Principal
from tests.unit.api.conftest import Api
from tests.unit.api.detectors import MODELS, card, files, hand_in, registered, zipped

OTHER = Principal(UUID(int=2), None, RIGHTS["owner"], Actor("user", UUID(int=9), "b@example.org"))


def described(api: Api, detector: str) -> Any:
    return api.client.get(f"{MODELS}/{detector}").json()


def as_principal(api: Api, principal: Principal) -> None:
    web = api.client.app
    assert isinstance(web, FastAPI)
    web.dependency_overrides[authenticated] = lambda: principal


def test_a_registered_detector_is_described_by_its_cards(api: Api) -> None:
    content = zipped(files())
    answer = hand_in(api, content, name="till", note="taught in May")
    assert answer.status_code == 201
    view = answer.json()
    assert answer.headers["Location"] == f"{MODELS}/{view['detector']}"
    assert view == described(api, view["detector"])
    assert (view["name"], view["version"], view["state"]) == ("till", 1, "candidate")
    assert (view["backbone"], view["window"], view["note"]) == ("i3d_k400", 2, "taught in May")
    head = view["heads"][0]
    assert head["model_id"] == view["detector"] == card().model_id
    assert head["metrics"] == {"auc": 0.9}
    assert [each.key for each in api.store.list("models/")] == [
        f"models/{api_tenant(api)}/{view['detector']}-{view['sha256'][:12]}.zip"
    ]


def api_tenant(api: Api) -> str:
    return str(api.client.get("/api/v1/stores").json()["items"][0]["tenant_id"])


def test_a_form_may_carry_it_and_its_file_names_it(api: Api) -> None:
    answer = api.client.post(MODELS, files={"file": ("night.zip", zipped(files()))})
    assert answer.status_code == 201
    assert answer.json()["name"] == "night"


def test_the_same_again_changes_nothing(api: Api) -> None:
    first = hand_in(api, zipped(files()), name="till")
    again = hand_in(api, zipped(files(folder="x/")), name="other")
    assert (again.status_code, again.json()) == (200, first.json())


def test_the_same_weights_with_another_card_are_told_apart(api: Api) -> None:
    registered(api)
    again = hand_in(api, zipped(files(metrics={"auc": 0.8})))
    assert again.status_code == 409
    assert "registered already, as till 1" in again.json()["detail"]


def test_versions_are_counted_for_each_name(api: Api) -> None:
    detectors = [registered(api, seed, name) for seed, name in enumerate("aab")]
    assert [described(api, each)["version"] for each in detectors] == [1, 2, 1]


def test_what_is_no_detector_is_refused_and_nothing_is_kept(api: Api) -> None:
    answer = hand_in(api, b"no zip")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The zip cannot be read")
    assert list(api.store.list("")) == []


def test_what_is_too_large_is_refused(make_api: Callable[..., Api]) -> None:
    api = make_api(api_max_model_bytes=100)
    assert hand_in(api, bytes(10**6)).status_code == 413


def test_the_list_ends_with_what_is_built_in(api: Api) -> None:
    detectors = [registered(api, seed) for seed in range(3)]
    first = api.client.get(MODELS, params={"limit": 2}).json()
    rest = api.client.get(MODELS, params={"limit": 2, "cursor": first["next"]}).json()
    items = first["items"] + rest["items"]
    assert {each["detector"] for each in items[:3]} == set(detectors)
    assert [(each["name"], each["state"]) for each in items[3:]] == [("default", "active")]
    assert rest["next"] is None


def test_its_package_can_be_registered_again(api: Api) -> None:
    detector = registered(api)
    package = api.client.get(f"{MODELS}/{detector}/package")
    assert package.headers["content-type"] == "application/zip"
    assert hand_in(api, package.content).status_code == 200


def test_what_is_built_in_can_be_registered_by_its_package(api: Api) -> None:
    built = api.client.get(MODELS).json()["items"][0]["detector"]
    package = api.client.get(f"{MODELS}/{built}/package")
    answer = hand_in(api, package.content, name="shipped")
    assert (answer.status_code, answer.json()["detector"]) == (201, built)
    assert described(api, built)["is_built_in"] is False


def test_it_is_retired_and_taken_up_again(api: Api) -> None:
    detector = registered(api)
    answer = api.client.patch(f"{MODELS}/{detector}", json={"is_retired": True, "note": "old"})
    assert (answer.json()["state"], answer.json()["note"]) == ("retired", "old")
    promoted = api.client.post(
        f"{MODELS}/{detector}/promote", json={"without_comparison": True, "reason": "x"}
    )
    assert (promoted.status_code, promoted.json()["detail"]) == (409, "It is retired.")
    answer = api.client.patch(f"{MODELS}/{detector}", json={"is_retired": False})
    assert answer.json()["state"] == "candidate"


def test_it_is_removed_with_its_package(api: Api) -> None:
    detector = registered(api)
    assert api.client.delete(f"{MODELS}/{detector}").status_code == 204
    assert list(api.store.list("models/")) == []
    assert api.client.get(f"{MODELS}/{detector}").status_code == 404
    registered(api)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/package"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/shadow"),
        ("DELETE", "/shadow"),
    ],
)
def test_another_tenant_knows_nothing_of_it(api: Api, method: str, path: str) -> None:
    detector = registered(api)
    as_principal(api, OTHER)
    body = {"json": {}} if method in ("PATCH", "POST") else {}
    answer = api.client.request(method, f"{MODELS}/{detector}{path}", **body)
    assert answer.status_code == 404
    assert all(each["is_built_in"] for each in api.client.get(MODELS).json()["items"])


def test_it_stands_in_the_audit_log(api: Api) -> None:
    detector = registered(api)
    api.client.delete(f"{MODELS}/{detector}")
    entries = api.client.get("/api/v1/audit", params={"subject": detector}).json()["items"]
    assert [each["action"] for each in entries] == ["model.removed", "model.registered"]
