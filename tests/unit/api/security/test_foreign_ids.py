"""Ids of others in what a request says, not in its path: each is answered like none at all.

Every field of every body that takes an id stands in BODIES: a new one fails until it does.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from schemas.alerts import AlertClosed
from schemas.ids import DEFAULT_TENANT
from services.api.app import described
from services.api.auth import authenticated
from services.api.principal import RIGHTS, Actor, Principal
from tests.unit.api.builders import alert, configured
from tests.unit.api.conftest import Api, apis
from tests.unit.api.people import person, store, tenant

Place = tuple[str, str, str]
SPAN = {"since": "2026-05-01T22:00:00Z", "until": "2026-05-01T22:01:00Z"}
TARGET = {"channel": "email", "name": "Guard", "address": "guard@store.example"}
KEY = {"name": "Till", "rights": ["view"]}
CAMERA = {"name": "Till", "address": "push://"}
MISSED = SPAN | {"source_id": "own source", "label": "theft"}

BODIES: dict[Place, Any] = {
    ("POST", "cameras", "store_id"): CAMERA,
    ("PATCH", "cameras/{source}", "store_id"): {},
    ("POST", "alerts/acknowledgements", "alert_ids[]"): {},
    ("POST", "alerts/acknowledgements", "filter.source_id"): {},
    ("POST", "alerts/acknowledgements", "filter.store_id"): {},
    ("POST", "alerts/acknowledgements", "filter.incident_id"): {},
    ("PUT", "alerts/{alert}/assignment", "assigned_to"): {},
    ("POST", "missed-events", "source_id"): MISSED,
    ("POST", "missed-events", "alert_id"): MISSED,
    ("POST", "albums/{album}/items", "source_id"): {},
    ("PATCH", "albums/{album}/items/{item}", "before"): {},
    ("POST", "review-queue/claims", "store_id"): {"minutes": 0.001},
    ("POST", "erasures", "source_id"): {"reason": "gone", "until": "2020-01-01T00:00:00Z"},
    ("POST", "holds", "source_id"): {"reason": "case 4711"},
    ("POST", "alerts/{alert}/deliveries", "target_id"): {},
    ("POST", "targets", "store_id"): TARGET,
    ("POST", "targets", "wants.store_ids[]"): TARGET,
    ("POST", "targets", "wants.source_ids[]"): TARGET,
    ("PATCH", "targets/{target}", "wants.store_ids[]"): {},
    ("PATCH", "targets/{target}", "wants.source_ids[]"): {},
    ("POST", "keys", "store_ids[]"): KEY,
    ("POST", "me/keys", "store_ids[]"): KEY,
    ("POST", "policies/preview", "source_ids[]"): SPAN | {"policy": {}},
    ("POST", "policies/preview", "store_id"): SPAN | {"policy": {}},
    ("POST", "replays/estimate", "store_ids[]"): SPAN,
    ("POST", "replays/estimate", "source_ids[]"): SPAN,
    ("POST", "replays", "store_ids[]"): SPAN,
    ("POST", "replays", "source_ids[]"): SPAN,
    ("POST", "models/{detector}/promote", "store_id"): {
        "without_comparison": True,
        "reason": "a test",
    },
    ("POST", "models/{detector}/shadow", "store_id"): {},
    ("POST", "deployments/rollback", "store_id"): {},
    ("PATCH", "users/{user}", "store_ids[]"): {"role": "viewer"},
    ("POST", "invitations", "store_ids[]"): {"email": "new@shop.example", "role": "viewer"},
}
ELSEWHERE: set[Place] = {
    ("POST", "videos", "store_id"),
    ("PUT", "single-sign-on", "newcomers.store_ids[]"),
}
"""A form, and one that asks a provider: in test_binding and signon."""
FILTERS = {place for place in BODIES if place[2].startswith("filter.")}
"""What fits a filter of others' is nothing, and nothing is no error."""
KINDS = {
    "store_id": "store",
    "store_ids": "store",
    "source_id": "source",
    "source_ids": "source",
    "alert_ids": "alert",
    "alert_id": "alert",
    "incident_id": "alert",
    "assigned_to": "user",
    "before": "item",
    "target_id": "target",
}


def fields() -> Iterator[Place]:
    """Method, path and place of all ids that bodies take, as the API describes itself."""
    document = described().openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            for media in content.values():
                for name in _ids(document, media.get("schema", {}), "", ()):
                    yield method.upper(), path.removeprefix("/api/v1/"), name


def _ids(document: Any, schema: Any, place: str, above: tuple[str, ...]) -> Iterator[str]:
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in above:
            inner = document["components"]["schemas"][name]
            yield from _ids(document, inner, place, (*above, name))
        return
    if schema.get("format") == "uuid":
        yield place
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _ids(document, each, place, above)
    for name, each in schema.get("properties", {}).items():
        yield from _ids(document, each, f"{place}.{name}".lstrip("."), above)
    if "items" in schema:
        yield from _ids(document, schema["items"], f"{place}[]", above)


def general(place: Place) -> Place:
    """Paths name their ids otherwise than our world does."""
    method, path, field = place
    parts = ["{}" if part.startswith("{") else part for part in path.split("/")]
    return method, "/".join(parts), field


def test_every_field_that_takes_an_id_is_tried() -> None:
    assert {general(each) for each in (*BODIES, *ELSEWHERE)} == {general(each) for each in fields()}


class World:
    """Two chains, each with a store, a camera, an alert, a target, an album and somebody."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.theirs, self.mine = self._made(tenant(api)), self._made(DEFAULT_TENANT)

    def ask(self, tenant_id: UUID, user_id: UUID) -> None:
        """As that owner from here on."""
        actor = Actor("user", user_id, "owner@shop.example")
        principal = Principal(tenant_id, None, RIGHTS["owner"], actor)
        web = self.api.client.app
        assert isinstance(web, FastAPI)
        web.dependency_overrides[authenticated] = lambda: principal

    def _made(self, tenant_id: UUID) -> dict[str, str]:
        api, camera = self.api, uuid4()
        place = store(api, tenant_id)
        somebody = person(api, "owner", tenant_id)
        api.project(
            configured(source_id=camera, tenant_id=tenant_id, store_id=place),
            raised := alert(AlertClosed, source_id=camera, source_kind="camera"),
        )
        self.ask(tenant_id, somebody.user_id)
        target = self._post("targets", TARGET)["target"]["target_id"]
        album = self._post("albums", {"name": "Nights"})["album_id"]
        items = [
            self._post(f"albums/{album}/items", {"source_id": str(camera)})["item_id"]
            for _ in range(2)
        ]
        viewer = person(api, "viewer", tenant_id)
        return {
            "store": str(place),
            "source": str(camera),
            "alert": str(raised.alert_id),
            "target": target,
            "album": album,
            "item": items[0],
            "items": items[1],
            "user": str(viewer.user_id),
            "detector": "a-detector",
        }

    def _post(self, path: str, body: Any) -> Any:
        answer = self.api.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def sent(self, place: Place, named: str) -> Any:
        """What is answered to a request of ours in which that id is named."""
        method, path, field = place
        body = {
            name: self.mine["source"] if value == "own source" else value
            for name, value in BODIES[place].items()
        }
        return self.api.client.request(
            method,
            f"/api/v1/{path.format(**self.mine)}",
            json=_with(body, field.split("."), named),
            headers={"If-Match": "*"},
        )


def _with(body: dict[str, Any], names: list[str], value: str) -> dict[str, Any]:
    first, *rest = names
    name, is_list = first.removesuffix("[]"), first.endswith("[]")
    inner: Any = _with(body.get(name, {}), rest, value) if rest else [value] if is_list else value
    return body | {name: inner}


@pytest.fixture(scope="module")
def world(empty_database: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests: none needs it as it was made."""
    with apis(empty_database, tmp_path_factory.mktemp("foreign")) as make_api:
        yield World(make_api(secret_key="long"))


@pytest.mark.parametrize("place", [each for each in BODIES if each not in FILTERS], ids=" ".join)
def test_an_id_of_another_chain_is_answered_like_none_at_all(world: World, place: Place) -> None:
    kind = KINDS[place[2].rpartition(".")[2].removesuffix("[]")]
    foreign, absent = world.theirs[kind], str(uuid4())
    answers = [world.sent(place, each) for each in (foreign, absent)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[0] in (404, 422) or _does_nothing(answers[0]), answers[0].text
    assert statuses[0] == statuses[1]
    said = [answer.text.replace(foreign, "…").replace(absent, "…") for answer in answers]
    assert said[0] == said[1] or _does_nothing(answers[1])


def _does_nothing(answer: Any) -> bool:
    """There was nothing to claim, or nothing was changed."""
    return answer.status_code == 204 or answer.json().get("changed") == 0


@pytest.mark.parametrize("place", sorted(FILTERS), ids=" ".join)
def test_a_filter_by_an_id_of_another_chain_fits_nothing(world: World, place: Place) -> None:
    kind = KINDS[place[2].rpartition(".")[2]]
    answer = world.sent(place, world.theirs[kind])
    assert (answer.status_code, answer.json()["changed"]) == (200, 0)


OURS = {
    place for place in BODIES
    if place not in FILTERS and "detector" not in place[1] and place[1] != "deployments/rollback"
}  # fmt: skip


@pytest.mark.parametrize("place", sorted(OURS), ids=" ".join)
def test_with_an_id_of_ones_own_it_is_no_wrong_request(world: World, place: Place) -> None:
    """So that what is refused above is refused for the id."""
    kind = KINDS[place[2].rpartition(".")[2].removesuffix("[]")]
    named = world.mine["items" if kind == "item" else kind]
    answer = world.sent(place, named)
    assert answer.status_code not in (404, 500), answer.text
    assert answer.status_code != 422 or place[1].startswith("replays"), answer.text
