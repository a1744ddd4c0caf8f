"""Detectors become live and shadows, and go back; the services hear of it, the history keeps it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models import ModelsDeployed
from schemas.topics import MODELS as TOPIC
from services.api.models.history import lives
from tests.unit.api.conftest import Api
from tests.unit.api.detectors import MODELS, registered

WHY = {"without_comparison": True, "reason": "the first of all"}
ANY = {"If-Match": "*"}


def promote(api: Api, detector: str, headers: Any = ANY, **entry: Any) -> Any:
    url = f"{MODELS}/{detector}/promote"
    return api.client.post(url, json=WHY | entry, headers=headers)


def roll_back(api: Api, headers: Any = ANY, **entry: Any) -> Any:
    return api.client.post("/api/v1/deployments/rollback", json=entry, headers=headers)


def deployment(api: Api, store_id: str | None = None) -> Any:
    items = api.client.get("/api/v1/deployments").json()["items"]
    return next(each for each in items if each["store_id"] == store_id)


def live(api: Api, store_id: str | None = None) -> Any:
    (found,) = deployment(api, store_id)["live"]
    return found


def history(api: Api, **where: str) -> Any:
    return api.client.get("/api/v1/deployments/history", params=where).json()["items"]


def last_told(api: Api) -> Any:
    """None for a tombstone."""
    return [each.message for each in api.publisher.published if each.topic is TOPIC][-1]


def a_store(api: Api) -> str:
    answer = api.client.post("/api/v1/stores", json={"name": "Station Road"})
    return str(answer.json()["store_id"])


def test_where_nobody_deployed_anything_the_built_in_one_is_live(api: Api) -> None:
    found = live(api)
    assert (found["name"], found["is_built_in"], found["figures"]) == ("default", True, None)
    assert deployment(api)["etag"] == '"0"'


def test_what_is_promoted_is_live_and_the_services_hear_of_it(api: Api) -> None:
    detector = registered(api)
    answer = promote(api, detector, headers=None)
    assert answer.status_code == 200, answer.text
    assert live(api)["detector"] == detector
    assert live(api)["budget_per_day"] == 1.0
    assert deployment(api)["is_announced"] is True
    told = last_told(api)
    assert isinstance(told, ModelsDeployed)
    assert [each.detector for each in told.live] == [detector]
    assert told.live[0].heads[0].rule.name == "fight"
    assert api.store.stat(told.live[0].object_key).size_bytes > 0
    view = api.client.get(f"{MODELS}/{detector}").json()
    assert (view["state"], view["places"][0]["run"]) == ("active", "live")


def test_a_store_may_have_another(api: Api) -> None:
    store_id = a_store(api)
    ours, theirs = registered(api, 1), registered(api, 2)
    promote(api, ours)
    assert live(api, store_id)["is_inherited"] is True
    promote(api, theirs, store_id=store_id)
    assert live(api, store_id)["detector"] == theirs
    assert live(api)["detector"] == ours
    assert str(last_told(api).store_id) == store_id


def test_it_goes_back_to_what_was_before_and_at_last_to_what_is_built_in(api: Api) -> None:
    first, second = registered(api, 1), registered(api, 2)
    promote(api, first)
    promote(api, second)
    assert live(api)["before"] == first
    assert roll_back(api, reason="too nervous").status_code == 200
    assert live(api)["detector"] == first
    assert live(api)["budget_per_day"] is None
    roll_back(api)
    assert live(api)["is_built_in"] is True
    assert (last_told(api).live, last_told(api).shadows) == ((), ())
    assert roll_back(api).status_code == 409


def test_what_is_retired_is_not_gone_back_to(api: Api) -> None:
    first, second, third = (registered(api, seed) for seed in range(3))
    for detector in (first, second, third):
        promote(api, detector)
    api.client.patch(f"{MODELS}/{second}", json={"is_retired": True})
    roll_back(api)
    assert live(api)["detector"] == first
    roll_back(api)
    assert live(api)["is_built_in"] is True


def test_what_is_in_use_is_neither_retired_nor_removed(api: Api) -> None:
    detector = registered(api)
    promote(api, detector)
    url = f"{MODELS}/{detector}"
    assert api.client.patch(url, json={"is_retired": True}).status_code == 409
    assert api.client.delete(url).status_code == 409


def test_a_promotion_takes_a_comparison_or_a_reason(api: Api) -> None:
    detector = registered(api)
    url = f"{MODELS}/{detector}/promote"
    assert api.client.post(url, json={}).status_code == 422
    assert api.client.post(url, json={"without_comparison": True}).status_code == 422
    assert api.client.post(url, json={"run": "nothing"}).status_code == 404


def test_two_who_promote_at_once_do_not_overlook_one_another(api: Api) -> None:
    first, second = registered(api, 1), registered(api, 2)
    seen = {"If-Match": deployment(api)["etag"]}
    assert promote(api, first, headers=seen).status_code == 200
    assert promote(api, second, headers=seen).status_code == 412
    assert promote(api, second, headers=None).status_code == 428
    assert live(api)["detector"] == first
    assert promote(api, second, headers={"If-Match": deployment(api)["etag"]}).status_code == 200


def test_a_rollback_is_fenced_likewise(api: Api) -> None:
    promote(api, registered(api, 1))
    seen = {"If-Match": deployment(api)["etag"]}
    promote(api, registered(api, 2))
    assert roll_back(api, headers=seen).status_code == 412
    assert roll_back(api, headers=None).status_code == 428


def test_a_shadow_looks_on_under_a_run_of_its_own(api: Api) -> None:
    detector = registered(api)
    for _ in range(2):
        answer = api.client.post(f"{MODELS}/{detector}/shadow", json={})
        assert [each["run"] for each in answer.json()["shadows"]] == [f"shadow-{detector}"]
    assert [each.run for each in last_told(api).shadows] == [f"shadow-{detector}"]
    assert api.client.get(f"{MODELS}/{detector}").json()["state"] == "shadow"
    assert api.client.delete(f"{MODELS}/{detector}/shadow").status_code == 204
    assert last_told(api).shadows == ()
    assert api.client.delete(f"{MODELS}/{detector}/shadow").status_code == 404
    assert [each["action"] for each in history(api)] == ["shadow_removed", "shadow_added"]


def test_a_shadow_that_becomes_live_looks_on_no_more(api: Api) -> None:
    detector = registered(api)
    api.client.post(f"{MODELS}/{detector}/shadow", json={})
    promote(api, detector)
    assert deployment(api)["shadows"] == []
    assert last_told(api).shadows == ()
    assert api.client.post(f"{MODELS}/{detector}/shadow", json={}).status_code == 409


def test_the_history_says_who_did_what_and_why(api: Api) -> None:
    store_id = a_store(api)
    detector = registered(api)
    promote(api, detector, store_id=store_id)
    roll_back(api, store_id=store_id, reason="too nervous")
    back, forth = history(api, store_id=store_id)
    assert (back["action"], back["reason"], back["by"]) == ("rolled_back", "too nervous", "machine")
    assert (back["detector_before"], back["detector_after"]) == (detector, None)
    assert (forth["action"], forth["store"]) == ("promoted", "Station Road")
    entry = api.client.get(f"/api/v1/deployments/history/{forth['entry_id']}").json()
    assert entry["comparison"] is None
    audited = api.client.get("/api/v1/audit", params={"subject": store_id}).json()["items"]
    assert [each["action"] for each in audited][:2] == ["model.rolled_back", "model.promoted"]


def test_a_store_that_is_removed_leaves_a_tombstone(api: Api) -> None:
    store_id = a_store(api)
    detector = registered(api)
    promote(api, detector, store_id=store_id)
    assert api.client.delete(f"/api/v1/stores/{store_id}").status_code == 204
    api.tools.announce_models()
    assert last_told(api) is None
    assert api.client.delete(f"{MODELS}/{detector}").status_code == 204


@pytest.mark.parametrize("budget", [0, -1, 1001])
def test_a_budget_is_a_number_of_alarms(api: Api, budget: float) -> None:
    detector = registered(api)
    assert promote(api, detector, budget_per_day=budget).status_code == 422


@given(st.lists(st.sampled_from("abc")))
def test_rollbacks_undo_promotions_one_by_one(promoted: list[str]) -> None:
    entries: list[tuple[str, str | None]] = [("promoted", each) for each in promoted]
    assert lives(entries) == promoted
    for left in range(len(promoted) - 1, -1, -1):
        entries.append(("rolled_back", promoted[left - 1] if left else None))
        assert lives(entries) == promoted[:left]
