"""Albums: whose they are, what is in them and in which order, and what others see of them."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from services.api.albums import queries
from services.api.tables import sources
from tests.unit.api.builders import CAMERA, configured, video_id
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person, store, tenant

OTHER_CAMERA = video_id("another")
MOMENT = {"from_at": "2026-05-01T22:00:40Z", "to_at": "2026-05-01T22:01:10Z"}


def made(client: TestClient, **fields: Any) -> str:
    answer = client.post("/api/v1/albums", json={"name": "Nights"} | fields)
    assert answer.status_code == 201, answer.text
    assert client.get(answer.headers["location"]).json() == answer.json()
    return str(answer.json()["album_id"])


def put(client: TestClient, album: str, **fields: Any) -> Any:
    entry = {"source_id": str(CAMERA)} | fields
    answer = client.post(f"/api/v1/albums/{album}/items", json=entry)
    assert answer.status_code == 201, answer.text
    return answer.json()


def notes(client: TestClient, album: str, **where: Any) -> list[str]:
    page = client.get(f"/api/v1/albums/{album}/items", params=where).json()
    return [item["note"] for item in page["items"]]


@pytest.fixture
def chain(api: Api) -> Api:
    """Two cameras, in two stores of the default tenant."""
    api.project(configured(), configured(source_id=OTHER_CAMERA))
    return api


def test_an_album_is_made_renamed_and_deleted(chain: Api) -> None:
    album = made(chain.client)
    changed = chain.client.patch(f"/api/v1/albums/{album}", json={"name": "Days"}).json()
    assert (changed["name"], changed["is_shared"], changed["is_mine"]) == ("Days", False, True)
    put(chain.client, album)
    assert chain.client.delete(f"/api/v1/albums/{album}").status_code == 204
    assert chain.client.get(f"/api/v1/albums/{album}").status_code == 404
    assert chain.client.get(f"/api/v1/sources/{CAMERA}").status_code == 200


def test_items_keep_their_order_and_are_moved(chain: Api) -> None:
    album = made(chain.client)
    items = {note: put(chain.client, album, note=note, **MOMENT)["item_id"] for note in "abcd"}
    address = f"/api/v1/albums/{album}/items"
    assert chain.client.patch(f"{address}/{items['d']}", json={"before": items["b"]}).is_success
    assert notes(chain.client, album) == ["a", "d", "b", "c"]
    chain.client.patch(f"{address}/{items['a']}", json={"before": None, "note": "A"})
    assert notes(chain.client, album) == ["d", "b", "c", "A"]
    chain.client.delete(f"{address}/{items['b']}")
    assert notes(chain.client, album) == ["d", "c", "A"]


def test_items_come_in_pages(chain: Api) -> None:
    album = made(chain.client)
    for note in "abcde":
        put(chain.client, album, note=note)
    found, cursor = [], None
    while True:
        where = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = chain.client.get(f"/api/v1/albums/{album}/items", params=where).json()
        found += [item["note"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == list("abcde")
    assert chain.client.get(f"/api/v1/albums/{album}").json()["item_count"] == 5


def test_what_is_not_shared_is_seen_by_who_made_it(chain: Api) -> None:
    mine, theirs = browser(chain, person(chain, "operator")), browser(chain, person(chain))
    album = made(mine)
    assert theirs.get(f"/api/v1/albums/{album}").status_code == 404
    assert theirs.get("/api/v1/albums").json()["items"] == []
    mine.patch(f"/api/v1/albums/{album}", json={"is_shared": True})
    (seen,) = theirs.get("/api/v1/albums").json()["items"]
    assert (seen["album_id"], seen["is_mine"]) == (album, False)


def test_a_shared_album_belongs_to_all_who_keep_albums(chain: Api) -> None:
    mine, colleague = (browser(chain, person(chain, "operator")) for _ in range(2))
    viewer = browser(chain, person(chain, "viewer"))
    album = made(mine, is_shared=True)
    put(colleague, album, note="by a colleague")
    assert notes(viewer, album) == ["by a colleague"]
    entry = {"source_id": str(CAMERA)}
    assert viewer.post(f"/api/v1/albums/{album}/items", json=entry).status_code == 403
    assert viewer.delete(f"/api/v1/albums/{album}").status_code == 403
    assert colleague.patch(f"/api/v1/albums/{album}", json={"name": "x"}).status_code == 200
    assert colleague.delete(f"/api/v1/albums/{album}").status_code == 204


def test_an_item_of_a_store_that_is_not_theirs_is_left_out(chain: Api) -> None:
    owner = browser(chain, person(chain))
    shop = store(chain)
    with chain.engine.begin() as connection:
        here = sources.c.source_id == str(OTHER_CAMERA)
        connection.execute(update(sources).where(here).values(store_id=str(shop)))
    album = made(owner, is_shared=True)
    put(owner, album, note="usual store")
    item = put(owner, album, source_id=str(OTHER_CAMERA), note="the shop")["item_id"]
    operator = browser(chain, person(chain, "operator", store_ids=frozenset({shop})))
    assert notes(operator, album) == ["the shop"]
    assert operator.get(f"/api/v1/albums/{album}").json()["item_count"] == 1
    entry = {"source_id": str(CAMERA)}
    assert operator.post(f"/api/v1/albums/{album}/items", json=entry).status_code == 404
    assert operator.delete(f"/api/v1/albums/{album}/items/{item}").status_code == 204


def test_another_tenant_sees_nothing_of_it(chain: Api) -> None:
    album = made(browser(chain, person(chain)), is_shared=True)
    stranger = browser(chain, person(chain, tenant_id=tenant(chain)))
    assert stranger.get(f"/api/v1/albums/{album}").status_code == 404
    assert stranger.get(f"/api/v1/albums/{album}/items").status_code == 404
    assert stranger.get("/api/v1/albums").json()["items"] == []


def test_a_source_that_is_removed_leaves_its_albums(chain: Api) -> None:
    album = made(chain.client)
    put(chain.client, album)
    assert chain.client.delete(f"/api/v1/cameras/{CAMERA}").status_code == 204
    assert notes(chain.client, album) == []


def test_an_album_has_an_end(chain: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_ITEMS", 1)
    album = made(chain.client)
    put(chain.client, album)
    entry = {"source_id": str(CAMERA)}
    assert chain.client.post(f"/api/v1/albums/{album}/items", json=entry).status_code == 409


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"source_id": str(uuid4())}, 404),
        ({"source_id": str(CAMERA), "from_at": MOMENT["from_at"]}, 422),
        ({"source_id": str(CAMERA), "from_at": MOMENT["to_at"], "to_at": MOMENT["from_at"]}, 422),
        ({"source_id": str(CAMERA), "note": "x" * 1001}, 422),
    ],
)
def test_what_is_no_moment_is_refused(chain: Api, entry: dict[str, str], status: int) -> None:
    album = made(chain.client)
    assert chain.client.post(f"/api/v1/albums/{album}/items", json=entry).status_code == status
