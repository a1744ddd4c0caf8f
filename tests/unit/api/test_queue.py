"""The review queue: order, claims that no two people share, verdicts on whole incidents."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from schemas.alerts import AlertClosed
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.topics import REVIEWS
from services.api.principal import Actor, Principal
from services.api.reviews.queue import QueueFilter, claim_next
from services.chassis.storage.database import transaction
from tests.unit.api.builders import VIDEO, alert, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.test_reviews import People

QUEUE = "/api/v1/review-queue"
APART = 200
"""Clips between beginnings, so that alerts are incidents of their own."""


@pytest.fixture
def people(api: Api) -> People:
    return People(api)


def raised(api: Api, camera: str, number: int, **fields: Any) -> UUID:
    """An alert of a camera of the default store; far enough from those of other numbers."""
    source_id = uuid5(VIDEO, camera)
    common = {"source_id": source_id, "source_kind": "camera"}
    told = alert(AlertClosed, opening=number * APART, **common, **fields)
    api.project(configured(source_id=source_id, name=camera), told)
    return told.alert_id


def waiting(people: People, **query: Any) -> list[str]:
    return [one["incident_id"] for one in page(people, **query)["items"]]


def page(people: People, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = people("ada").get(QUEUE, params=query).json()
    return found


def test_the_gravest_come_first_then_the_newest_and_neighbours_are_one(people: People) -> None:
    old, grave = raised(people.api, "a", 1), raised(people.api, "b", 2, severity="critical")
    new = raised(people.api, "a", 9)
    raised(people.api, "b", 9, peak_s=2000)  # a neighbour at the same time
    raised(people.api, "a", 20, run="shadow")
    raised(people.api, "a", 30, kind="health")
    items = page(people)["items"]
    shown = [(one["severity"], one["alert_count"], one["source_count"]) for one in items]
    assert shown == [("critical", 1, 1), ("warning", 2, 2), ("warning", 1, 1)]
    assert items[0]["incident_id"] == str(grave)
    assert items[2]["incident_id"] == str(old)
    first = page(people, limit=2)
    rest = page(people, limit=2, cursor=first["next"])
    assert [one["incident_id"] for one in first["items"] + rest["items"]] == waiting(people)
    assert (first["waiting"], rest["next"]) == (3, None)
    detail = people("ada").get(f"{QUEUE}/{items[1]['incident_id']}").json()
    assert (detail["previous_id"], detail["next_id"]) == (str(grave), str(old))
    assert str(new) in [one["alert_id"] for one in detail["alerts"]]
    assert people("ada").get(QUEUE, params={"cursor": "x"}).status_code == 422


def test_two_people_never_have_the_same_and_a_lease_runs_out(people: People) -> None:
    for number in range(3):
        raised(people.api, "a", number)
    ada, bob = Actor("user", uuid4(), "ada"), Actor("user", uuid4(), "bob")

    def claims(client: Any) -> Any:
        answer = client.post(f"{QUEUE}/claims", json={"minutes": 5})
        return answer.json()["incident_id"] if answer.status_code == 201 else None

    first = claims(people("ada", actor=ada))
    second = claims(people("bob", actor=bob))
    assert len({first, second}) == 2
    taken = people("bob", actor=bob).put(f"{QUEUE}/{first}/claim", json={})
    assert (taken.status_code, "ada has it" in taken.json()["detail"]) == (409, True)
    assert people("bob", actor=bob).delete(f"{QUEUE}/{first}/claim").status_code == 409
    assert page(people)["claimed"] == 2
    assert people("ada", actor=ada).delete(f"{QUEUE}/{first}/claim").status_code == 204
    assert claims(people("bob", actor=bob)) == first
    people.api.clock.step(301)
    assert claims(people("ada", actor=ada)) in (first, second)
    assert page(people)["claimed"] == 1


def test_nothing_waits_is_204_and_the_foreign_is_404(people: People) -> None:
    assert people("ada").post(f"{QUEUE}/claims", json={}).status_code == 204
    name = raised(people.api, "a", 1)
    foreign = people("eve", tenant_id=uuid4())
    assert foreign.post(f"{QUEUE}/claims", json={}).status_code == 204
    assert foreign.get(QUEUE).json()["items"] == []
    for answer in (
        foreign.get(f"{QUEUE}/{name}"),
        foreign.put(f"{QUEUE}/{name}/claim", json={}),
        foreign.delete(f"{QUEUE}/{name}/claim"),
        foreign.put(f"{QUEUE}/{name}/verdict", json={"verdict": "true"}),
    ):
        assert answer.status_code == 404
    store = default_store(DEFAULT_TENANT)
    assert waiting(people, store_id=store) == [str(name)]
    assert people("may", store_ids=frozenset({uuid4()})).get(QUEUE).json()["items"] == []


def test_an_incident_is_judged_as_a_whole_and_leaves_the_queue(people: People) -> None:
    name = raised(people.api, "a", 1)
    other = raised(people.api, "b", 1)
    first = min(str(name), str(other))
    people("ada").put(f"/api/v1/alerts/{other}/verdict", json={"verdict": "true"})
    assert page(people)["items"][0]["unjudged"] == 1
    judged = people("bob").put(f"{QUEUE}/{first}/verdict", json={"verdict": "false"}).json()
    verdicts = {one["alert_id"]: one["review"]["verdict"] for one in judged["alerts"]}
    assert verdicts == {str(name): "false", str(other): "true"}
    assert (judged["unjudged"], waiting(people)) == (0, [])
    assert len(people.api.publisher.messages(REVIEWS)) == 2
    people("bob").delete(f"/api/v1/alerts/{name}/verdict")
    assert waiting(people) == [first]


def test_many_at_once_get_one_each(api: Api) -> None:
    names = {raised(api, "a", number) for number in range(12)}

    def claimed(number: int) -> UUID | None:
        who = Principal(actor=Actor("user", uuid4(), f"person {number}"))
        with transaction(api.engine) as connection:
            return claim_next(connection, who, QueueFilter(), NOW.replace(year=2027), NOW)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(claimed, range(16)))
    assert sorted(one for one in found if one) == sorted(names)
    assert found.count(None) == 4
