"""Policies over HTTP, and what `policies.v1` hears of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select

from schemas.hours import DaySpan, StoreHours, WeeklyHours
from schemas.ids import DEFAULT_TENANT
from schemas.topics import POLICIES
from services.api.policies.announcing import AT_ONCE
from services.api.policies.entry import EXAMPLE
from services.api.policies.tables import policies, policy_sets
from services.api.tables import sources
from services.chassis.errors import TransientError
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.builders import CAMERA, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.people import browser, person, store, tenant
from tests.unit.api.policies.entering import (
    OF_CAMERA,
    OF_STORE,
    POLICY,
    SNOOZE,
    STORE,
    TENANTS,
    camera,
    last,
    put,
)

RULE: dict[str, Any] = EXAMPLE["rules"][0]
NIGHT: dict[str, Any] = EXAMPLE["presence"][0]


def rule(high: float, name: str = "fight") -> dict[str, Any]:
    return RULE | {"name": name, "high": high}


def labels(api: Api) -> list[tuple[str, str]]:
    items = api.client.get("/api/v1/policies/labels").json()["items"]
    return [(each["label"], each["kind"]) for each in items]


def announced(api: Api) -> int:
    return sum(item.topic == POLICIES for item in api.publisher.published)


def test_a_policy_of_the_tenant_is_in_force_for_its_cameras(api: Api) -> None:
    camera(api)
    assert announced(api) == 0, "without policies there is nothing to say"
    view = put(api, TENANTS, {"rules": [rule(0.9)], "muted": ["fall"]})
    assert (view["scope"], view["scope_id"], view["pending"]) == ("tenant", str(DEFAULT_TENANT), 0)
    found = last(api)
    assert found is not None
    assert [(each.name, each.high) for each in found.rules] == [("fight", 0.9)]
    assert found.muted == ("fall",)


def test_the_nearest_counts_and_its_end_brings_back_what_is_inherited(api: Api) -> None:
    camera(api)
    for path, high in ((TENANTS, 0.7), (OF_STORE, 0.8), (OF_CAMERA, 0.9)):
        put(api, path, {"rules": [rule(high)]})
    for path, high in ((OF_CAMERA, 0.9), (OF_STORE, 0.8), (TENANTS, 0.7)):
        found = last(api)
        assert found is not None
        assert [each.high for each in found.rules] == [high]
        assert api.client.delete(path).status_code == 204
    assert last(api) is None


def test_what_is_in_force_says_where_it_comes_from(api: Api) -> None:
    camera(api)
    put(api, TENANTS, {"presence": [NIGHT], "muted": ["theft", "overloaded"]})
    put(api, OF_CAMERA, {"rules": [rule(0.95)]})
    view = api.client.get(POLICY).json()
    origins = {each["rule"]["name"]: (each["origin"], each["muted_by"]) for each in view["rules"]}
    assert origins == {
        "fight": ("source", None),
        "fall": ("default", None),
        "theft": ("default", "tenant"),
    }
    assert [(each["rule"]["name"], each["origin"]) for each in view["presence"]] == [
        ("after hours", "tenant")
    ]
    assert view["muted"] == [{"name": "overloaded", "muted_by": "tenant"}]
    assert view["faults"] == ["The store has no opening hours, so it never closes."]
    assert view["is_announced"]


def test_where_nothing_was_entered_a_policy_is_empty(api: Api) -> None:
    camera(api)
    for path in (TENANTS, OF_STORE, OF_CAMERA):
        view = api.client.get(path).json()
        assert view["policy"] == {"rules": [], "presence": [], "muted": [], "unmuted": []}
        assert view["changed_at"] is None


def test_hours_of_the_store_and_zones_of_the_camera_go_along(api: Api) -> None:
    camera(api)
    put(api, TENANTS, {"presence": [NIGHT]})
    day = DaySpan.model_validate({"start": "07:00", "end": "22:00"})
    hours = StoreHours(time_zone="Asia/Seoul", open=WeeklyHours(monday=(day,)))
    answer = api.client.patch(
        f"/api/v1/stores/{STORE}", json={"hours": hours.model_dump(mode="json")}
    )
    assert answer.status_code == 200
    found = last(api)
    assert found is not None
    assert found.hours == hours
    zones = [{"name": "till", "polygon": [[0, 0], [1, 0], [1, 1]]}]
    camera(api, after_s=60, camera={"zones": zones})
    found = last(api)
    assert found is not None
    assert [zone.name for zone in found.zones] == ["till"]


def test_a_camera_that_moves_hears_of_the_other_stores_policy(api: Api) -> None:
    there = store(api)
    camera(api)
    put(api, f"/api/v1/policies/stores/{there}", {"muted": ["fight"]})
    assert announced(api) == 0
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=there, after_s=60))
    api.tools.announce_policies()
    found = last(api)
    assert found is not None
    assert found.muted == ("fight",)


def test_a_new_camera_and_a_new_upload_are_told_at_once(api: Api) -> None:
    put(api, TENANTS, {"muted": ["fight"]})
    new, video = uuid4(), uuid4()
    camera(api, source_id=new)
    recent = {"source_kind": "upload", "address": None, "after_s": 29 * 86_400 + 82_000}
    camera(api, source_id=video, **recent)
    for source_id in (new, video):
        found = last(api, source_id)
        assert found is not None
        assert found.muted == ("fight",)


def test_what_did_not_change_is_not_said_again(api: Api) -> None:
    camera(api)
    put(api, TENANTS, {"muted": ["fight"]})
    before = announced(api)
    put(api, TENANTS, {"muted": ["fight"]})
    camera(api, name="Till 2", after_s=60)
    assert announced(api) == before
    assert api.client.get(POLICY).json()["is_announced"]


def test_thousands_of_cameras_hear_of_one_change_by_pages(api: Api) -> None:
    count = 3 * AT_ONCE + 1
    row = {
        "source_kind": "camera",
        "tenant_id": str(DEFAULT_TENANT),
        "store_id": str(STORE),
        "name": "Till",
        "origin_at": NOW,
        "is_wall_clock": True,
        "configured_at": NOW,
        "changed_at": NOW,
        "is_being_removed": False,
    }
    with api.engine.begin() as connection:
        rows = [row | {"source_id": str(UUID(int=number))} for number in range(count)]
        connection.execute(insert(sources), rows)
    assert put(api, TENANTS, {"muted": ["fight"]})["pending"] == 0
    assert announced(api) == count


class Outage(MemoryPublisher):
    is_away = True

    def flush(self) -> None:
        if self.is_away:
            self.published.clear()
            raise TransientError("Kafka is away")


def test_what_could_not_be_told_is_told_later(make_api: Callable[..., Api]) -> None:
    publisher = Outage()
    api = make_api(publisher=publisher)
    camera(api)
    assert put(api, TENANTS, {"muted": ["fight"]})["pending"] == 1
    assert not api.client.get(POLICY).json()["is_announced"]
    publisher.is_away = False
    api.tools.announce_policies()
    found = last(api)
    assert found is not None
    assert found.muted == ("fight",)
    assert api.client.get(POLICY).json()["is_announced"]


def test_of_a_removed_camera_nothing_is_kept(api: Api) -> None:
    camera(api)
    put(api, OF_CAMERA, {"muted": ["fight"]})
    api.client.delete(f"/api/v1/cameras/{CAMERA}")
    assert last(api) is None
    api.tools.announce_policies()
    assert last(api) is None
    with api.engine.connect() as connection:
        for table in (policies, policy_sets):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_of_a_removed_store_no_policy_is_kept(api: Api) -> None:
    there = store(api)
    put(api, f"/api/v1/policies/stores/{there}", {"muted": ["fight"]})
    assert api.client.delete(f"/api/v1/stores/{there}").status_code == 204
    with api.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(policies)) == 0


def test_tenants_do_not_inherit_from_one_another(api: Api) -> None:
    other = tenant(api)
    camera(api)
    theirs = browser(api, person(api, "owner", other))
    assert theirs.put(TENANTS, json={"muted": ["fight"]}).json()["scope_id"] == str(other)
    assert announced(api) == 0
    assert theirs.get(OF_CAMERA).status_code == 404
    assert theirs.put(OF_STORE, json={}).status_code == 404
    assert theirs.put(SNOOZE, json={"until": "2026-06-01T08:00:00Z"}).status_code == 404


def test_a_manager_of_one_store_sets_its_policy_alone(api: Api) -> None:
    there = store(api)
    manager = browser(api, person(api, "manager", store_ids=frozenset({there})))
    assert manager.put(TENANTS, json={}).status_code == 403
    assert manager.get(TENANTS).status_code == 200
    assert manager.put(OF_STORE, json={}).status_code == 404
    view = manager.put(f"/api/v1/policies/stores/{there}", json={"muted": ["fall"]}).json()
    assert view["changed_by"].endswith("@shop.example")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": [RULE | {"k": 9}]},
        {"rules": [RULE, RULE]},
        {"presence": [NIGHT | {"during": "midnight"}]},
        {"tenant_id": str(DEFAULT_TENANT)},
    ],
)
def test_a_policy_that_cannot_work_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    assert api.client.put(TENANTS, json=wrong).status_code == 422


def test_labels_are_those_of_rules_anywhere_and_of_conditions(api: Api) -> None:
    camera(api)
    before = labels(api)
    assert ("Camera offline", "health") in before
    put(api, TENANTS, {"presence": [NIGHT | {"label": "Somebody behind the counter"}]})
    put(api, OF_CAMERA, {"rules": [rule(0.9) | {"label": "Brawl"}]})
    put(api, OF_STORE, {"rules": [rule(0.9, "offline") | {"label": "Camera gone"}]})
    assert set(labels(api)) - set(before) == {
        ("Somebody behind the counter", "incident"),
        ("Brawl", "incident"),
        ("Camera gone", "health"),
    }
    kinds = [kind for _, kind in labels(api)]
    assert kinds == sorted(kinds, reverse=True)


def test_who_is_bound_to_a_store_sees_no_labels_of_others(api: Api) -> None:
    other = store(api, name="Harbour")
    put(api, f"/api/v1/policies/stores/{other}", {"presence": [NIGHT | {"label": "Secret"}]})
    bound = browser(api, person(api, "manager", store_ids=frozenset({STORE})))
    assert "Secret" not in bound.get("/api/v1/policies/labels").text
    assert "Secret" in browser(api, person(api)).get("/api/v1/policies/labels").text
