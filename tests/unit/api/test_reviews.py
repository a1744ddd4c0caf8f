"""What people make of alerts: nobody is overwritten unseen, all is kept, all is announced."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from schemas.alerts import AlertClosed, AlertOpened
from schemas.ids import DEFAULT_TENANT
from schemas.topics import REVIEWS
from services.api.auth import authenticated
from services.api.config import ApiSettings
from services.api.keeping.measuring import EvidenceMeasuring
from services.api.principal import RIGHTS, Actor, Principal
from services.api.retention import Retention
from services.api.reviews.tables import BY_SOURCE, comments, reviews
from services.api.tables import alerts
from tests.unit.api.builders import CAMERA, alert, at, configured
from tests.unit.api.conftest import Api
from tests.unit.api.people import person, store

ALERT = alert(AlertOpened, source_id=CAMERA).alert_id
PATH = f"/api/v1/alerts/{ALERT}"


class People:
    """Requests by different people to one API."""

    def __init__(self, api: Api) -> None:
        self.api, self.principal = api, Principal()
        app: Any = api.client.app
        app.dependency_overrides[authenticated] = lambda: self.principal

    def __call__(self, name: str, **fields: Any) -> TestClient:
        actor = Actor("user", uuid4(), name)
        self.principal = replace(Principal(DEFAULT_TENANT, actor=actor), **fields)
        return self.api.client


@pytest.fixture
def people(api: Api) -> People:
    api.project(configured(), alert(AlertOpened, source_id=CAMERA))
    return People(api)


def said(people: People) -> list[Any]:
    return people.api.publisher.messages(REVIEWS)


def test_an_acknowledgement_is_shown_announced_and_kept_by_whoever_came_first(
    people: People,
) -> None:
    first = people("ada").put(f"{PATH}/acknowledgement")
    again = people("bob").put(f"{PATH}/acknowledgement")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["acknowledged_by"] == "ada"
    assert people("bob").get(PATH).json()["review"] == first.json()
    [message] = said(people)
    assert (message.alert_id, message.acknowledged_by) == (ALERT, "ada")
    assert message.tenant_id == DEFAULT_TENANT


def test_a_verdict_of_another_person_is_not_overwritten_unseen(people: People) -> None:
    people("ada").put(f"{PATH}/verdict", json={"verdict": "true"})
    unseen = people("bob").put(f"{PATH}/verdict", json={"verdict": "false"})
    stale = people("bob").put(
        f"{PATH}/verdict", json={"verdict": "false"}, headers={"If-Match": '"0"'}
    )
    assert (unseen.status_code, stale.status_code) == (428, 412)
    assert unseen.headers["etag"] == stale.headers["etag"] == '"1"'
    seen = people("bob").put(
        f"{PATH}/verdict",
        json={"verdict": "false", "reason": "the cleaner"},
        headers={"If-Match": stale.headers["etag"]},
    )
    assert seen.status_code == 200
    assert seen.json() | {"version": 2, "verdict": "false", "judged_by": "bob"} == seen.json()
    assert [one.verdict for one in said(people)] == ["true", "false"]


def test_a_verdict_says_what_its_alert_was(people: People) -> None:
    people("ada").put(f"{PATH}/verdict", json={"verdict": "false"})
    [message] = said(people)
    assert message.key == str(CAMERA), "it arrives where the judgements of the camera do"
    assert (message.alert.run, message.alert.kind) == ("live", "incident")
    assert (message.alert.model_id, message.alert.peak_score) == ("linear-fight", 0.8)


def test_a_verdict_outlives_what_is_known_of_its_alert(people: People) -> None:
    people("ada").put(f"{PATH}/verdict", json={"verdict": "false"})
    with people.api.engine.begin() as connection:
        connection.execute(alerts.delete())
        connection.execute(reviews.update().values(announced_at=None))
    people.api.tools.announce_reviews()
    assert said(people)[-1].alert is None


def test_ones_own_word_may_be_changed_and_undone_and_the_history_has_all_of_it(
    people: People,
) -> None:
    client = people("ada")
    client.put(f"{PATH}/verdict", json={"verdict": "true"})
    client.put(f"{PATH}/verdict", json={"verdict": "false", "reason": "a dog"})
    undone = client.post(f"{PATH}/undo").json()
    assert (undone["verdict"], undone["reason"], undone["version"]) == ("true", None, 3)
    assert people("bob").post(f"{PATH}/undo").status_code == 428
    items = client.get(f"{PATH}/history").json()["items"]
    assert [one["action"] for one in items] == ["judged", "judged", "undone"]
    assert items[1]["before"]["verdict"] == "true"
    assert items[1]["after"]["reason"] == "a dog"
    assert people("ada").delete(f"{PATH}/verdict").json()["verdict"] is None


def test_what_is_so_already_changes_nothing(people: People) -> None:
    client = people("ada")
    colleague = person(people.api, "operator")
    for _ in range(2):
        client.put(f"{PATH}/assignment", json={"assigned_to": str(colleague.user_id)})
    client.delete(f"{PATH}/acknowledgement")
    assert client.get(f"{PATH}/review").headers["etag"] == '"1"'
    assert len(said(people)) == 1


def test_an_alert_is_assigned_only_to_those_who_see_its_store(people: People) -> None:
    api, client = people.api, people("ada")
    elsewhere = frozenset({store(api)})
    for other in (uuid4(), person(api, "viewer", store_ids=elsewhere).user_id):
        answer = client.put(f"{PATH}/assignment", json={"assigned_to": str(other)})
        assert answer.status_code == 422
    colleague = person(api, "viewer", store_ids=frozenset({configured().store_id}))
    answer = client.put(f"{PATH}/assignment", json={"assigned_to": str(colleague.user_id)})
    assert answer.json()["assigned_to"] == str(colleague.user_id)


def test_comments_come_back_in_order(people: People) -> None:
    for name, text in (("ada", "Called the shop."), ("bob", "They\nare fine.\x07")):
        people.api.clock.step(1)
        assert people(name).post(f"{PATH}/comments", json={"text": text}).status_code == 201
    items = people("ada").get(f"{PATH}/comments").json()["items"]
    assert [(one["person"], one["text"]) for one in items] == [
        ("ada", "Called the shop."),
        ("bob", "They\nare fine."),
    ]
    assert people("ada").post(f"{PATH}/comments", json={"text": " \x07"}).status_code == 422


CHANGES: tuple[Callable[[TestClient, str], Any], ...] = (
    lambda client, path: client.put(f"{path}/acknowledgement"),
    lambda client, path: client.delete(f"{path}/acknowledgement"),
    lambda client, path: client.put(f"{path}/assignment", json={"assigned_to": str(ALERT)}),
    lambda client, path: client.put(f"{path}/verdict", json={"verdict": "true"}),
    lambda client, path: client.delete(f"{path}/verdict"),
    lambda client, path: client.post(f"{path}/undo"),
    lambda client, path: client.post(f"{path}/comments", json={"text": "x"}),
)


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_foreign_alert_is_404_and_a_viewer_gets_403(people: People, number: int) -> None:
    send = CHANGES[number]
    assert send(people("eve", tenant_id=uuid4()), PATH).status_code == 404
    assert send(people("ada"), f"/api/v1/alerts/{uuid4()}").status_code == 404
    assert send(people("val", rights=RIGHTS["viewer"]), PATH).status_code == 403


def test_many_are_acknowledged_at_once_and_that_is_undone(people: People) -> None:
    api = people.api
    api.project(*(alert(AlertClosed, opening=n, source_id=CAMERA) for n in range(10, 15)))
    client = people("ada")
    client.put(f"{PATH}/verdict", json={"verdict": "true"})
    batch = client.post("/api/v1/alerts/acknowledgements", json={"filter": {}}).json()
    assert (batch["changed"], batch["more"]) == (6, False)
    assert len(said(people)) == 1 + 6
    again = client.post("/api/v1/alerts/acknowledgements", json={"filter": {}}).json()
    assert again["changed"] == 0
    listed = client.get("/api/v1/alerts?acknowledged=true").json()["items"]
    client.put(f"{PATH}/verdict", json={"verdict": "false"})  # changed meanwhile: stays
    undone = client.delete(f"/api/v1/alerts/acknowledgements/{batch['batch_id']}").json()
    assert (len(listed), undone["changed"]) == (6, 5)
    left = client.get("/api/v1/alerts?acknowledged=true").json()["items"]
    assert [one["alert_id"] for one in left] == [str(ALERT)]


def test_only_ones_own_alerts_are_acknowledged_at_once(people: People) -> None:
    path, wanted = "/api/v1/alerts/acknowledgements", {"alert_ids": [str(ALERT)]}
    assert people("eve", tenant_id=uuid4()).post(path, json=wanted).json()["changed"] == 0
    assert people("ada").post(path, json=wanted).json()["changed"] == 1
    assert people("ada").post(path, json={}).status_code == 422


def test_the_list_is_filtered_by_what_people_made_of_it(people: People) -> None:
    api, user = people.api, person(people.api, "operator").user_id
    other = alert(AlertClosed, opening=40, source_id=CAMERA, severity="critical", label="Fall")
    api.project(other)
    client = people("ada")
    client.put(f"{PATH}/verdict", json={"verdict": "false"})
    client.put(f"/api/v1/alerts/{other.alert_id}/assignment", json={"assigned_to": str(user)})

    def found(**query: Any) -> set[UUID]:
        items = client.get("/api/v1/alerts", params=query).json()["items"]
        return {UUID(one["alert_id"]) for one in items}

    both, mine = {ALERT, other.alert_id}, {other.alert_id}
    assert found(verdict="false") == {ALERT}
    assert found(verdict="none") == found(assigned_to=user) == mine
    assert found(severity="critical") == found(label="Fall") == mine
    assert found(acknowledged="false") == both
    assert found(store_id=configured().store_id) == both
    assert found(store_id=uuid4()) == set()
    assert found(since=at(0).isoformat(), until=at(20).isoformat()) == {ALERT}


def test_reviews_go_with_their_source(people: People) -> None:
    client = people("ada")
    client.put(f"{PATH}/verdict", json={"verdict": "true"})
    client.post(f"{PATH}/comments", json={"text": "x"})
    assert client.delete(f"/api/v1/cameras/{CAMERA}").status_code == 204
    assert client.get(f"{PATH}/review").status_code == 404
    with people.api.engine.connect() as connection:
        left = [connection.scalar(select(func.count()).select_from(one)) for one in BY_SOURCE]
    assert left == [0] * len(BY_SOURCE)


def test_a_review_outlives_its_alert_as_long_as_evidence_is_kept(people: People) -> None:
    api = people.api
    client = people("ada")
    client.put(f"{PATH}/verdict", json={"verdict": "true"})
    client.post(f"{PATH}/comments", json={"text": "x"})

    def left(days: float, **kept: float) -> list[int]:
        keeping = ApiSettings(**{f"api_keep_{name}_days": span for name, span in kept.items()})
        api.clock.step(days * 86_400)
        EvidenceMeasuring(api.engine, api.store, api.clock).turn()
        Retention(api.engine, api.tools.removal, api.clock, keeping.keeping).turn()
        with api.engine.connect() as connection:
            query = [select(func.count()).select_from(one) for one in (alerts, reviews, comments)]
            return [connection.scalar(one) or 0 for one in query]

    assert left(10, maxima=60, evidence=90) == [1, 1, 1]
    assert left(0, maxima=30, evidence=90) == [0, 1, 1]
    assert left(60, maxima=30, evidence=90) == [0, 0, 0]
