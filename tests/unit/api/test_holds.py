"""Legal hold: what is held outlives every retention, and its source cannot be removed."""

from datetime import timedelta

import pytest

from schemas.alerts import AlertClosed
from schemas.ids import evidence_prefix, hold_key
from schemas.recordings import FootageRequested
from schemas.topics import FOOTAGE_REQUESTS
from services.api.config import Keeping
from services.api.keeping.measuring import EvidenceMeasuring
from services.api.retention import Retention
from tests.unit.api.builders import CAMERA, START, alert, at, configured, segment
from tests.unit.api.conftest import Api

HELD = alert(AlertClosed, source_id=CAMERA, source_kind="camera", start_s=300.0, end_s=310.0)
OTHER = alert(AlertClosed, source_id=CAMERA, source_kind="camera", opening=900)
URL = f"/api/v1/alerts/{HELD.alert_id}"
DAY = timedelta(days=1)
EVERYTHING = Keeping(DAY, DAY, DAY, DAY, DAY)


@pytest.fixture
def shop(api: Api) -> Api:
    """A camera with two alerts, their evidence, and ten minutes of recordings in the store."""
    api.project(configured(), HELD, OTHER)
    for about in (HELD, OTHER):
        api.put(f"{evidence_prefix(about.alert_id)}evidence.mp4")
        api.put(f"{evidence_prefix(about.alert_id)}manifest.json")
    for number in range(60):
        key = f"recordings/{CAMERA}/{number:02d}.mp4"
        api.put(key)
        api.project(segment(number * 10, object_key=key))
    return api


def expire(api: Api) -> None:
    api.clock.step((START + timedelta(days=400) - api.clock.now()).total_seconds())
    EvidenceMeasuring(api.engine, api.store, api.clock).turn()
    retention = Retention(api.engine, api.tools.removal, api.clock, EVERYTHING)
    for _ in range(5):
        retention.turn()


def keys(api: Api, prefix: str) -> list[str]:
    return [info.key for info in api.store.list(prefix)]


def test_an_alert_is_held_and_let_go(shop: Api) -> None:
    assert shop.client.get(URL).json()["is_held"] is False
    for _ in range(2):
        answer = shop.client.patch(URL, json={"held": True})
        assert (answer.status_code, answer.json()["is_held"]) == (200, True)
    assert shop.client.get(URL).json()["is_held"] is True
    assert keys(shop, "holds/") == [hold_key(HELD.alert_id)]
    assert shop.client.patch(URL, json={"held": False}).json()["is_held"] is False
    assert shop.client.get(URL).json()["is_held"] is False
    assert keys(shop, "holds/") == []


def test_what_is_held_outlives_its_age(shop: Api) -> None:
    """The alert, its evidence, and the recordings around it; nothing else."""
    shop.client.patch(URL, json={"held": True})
    expire(shop)
    assert shop.client.get(URL).status_code == 200
    assert len(keys(shop, evidence_prefix(HELD.alert_id))) == 2
    assert shop.client.get(f"/api/v1/alerts/{OTHER.alert_id}").status_code == 404
    assert keys(shop, evidence_prefix(OTHER.alert_id)) == []
    kept = [int(key[-6:-4]) * 10 for key in keys(shop, "recordings/")]
    assert kept == list(range(180, 430, 10))


def test_once_it_is_let_go_it_goes(shop: Api) -> None:
    shop.client.patch(URL, json={"held": True})
    expire(shop)
    shop.client.patch(URL, json={"held": False})
    expire(shop)
    assert keys(shop, "") == []
    assert shop.client.get(URL).status_code == 404


def test_the_source_of_a_held_alert_is_not_removed(shop: Api) -> None:
    shop.client.patch(URL, json={"held": True})
    answer = shop.client.delete(f"/api/v1/cameras/{CAMERA}")
    assert answer.status_code == 409
    assert "held" in answer.json()["detail"]
    shop.client.patch(URL, json={"held": False})
    assert shop.client.delete(f"/api/v1/cameras/{CAMERA}").status_code == 204
    assert keys(shop, "") == []


def test_nobody_holds_what_they_may_not_see(api: Api) -> None:
    assert api.client.patch(URL, json={"held": True}).status_code == 404
    assert keys(api, "holds/") == []


def test_what_lies_on_a_worker_is_brought_to_the_store(shop: Api) -> None:
    """Its ring forgets, held or not."""
    shop.client.patch(URL, json={"held": True})
    (wish,) = shop.publisher.messages(FOOTAGE_REQUESTS)
    assert isinstance(wish, FootageRequested)
    assert (wish.since_at, wish.until_at) == (at(180), at(430))
