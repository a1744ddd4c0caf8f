"""The archive and the API's word: what is removed, erased or too old leaves its parts too."""

from datetime import timedelta
from uuid import UUID

import pytest

from schemas.archive import Part
from schemas.ids import DEFAULT_TENANT, default_store
from services.api.config import Keeping
from services.api.retention import Retention
from tests.unit.api.archived import put_part, vectors
from tests.unit.api.builders import CAMERA, START, configured, video_id
from tests.unit.api.conftest import Api
from tests.unit.api.test_erasure import asked, carried_out, proven

DAY = timedelta(days=1)
STORE, OTHER = default_store(DEFAULT_TENANT), video_id("another camera")
KEPT = Keeping(None, None, None, None, None, archive=10 * DAY)
TEN = [float(n) for n in range(10)]


@pytest.fixture
def shop(api: Api) -> Api:
    """Two cameras with ten minutes each, from START on."""
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=STORE))
    for source_id in (CAMERA, OTHER):
        put_part(api.store, source_id, START)
    return api


def expire(api: Api, keeping: Keeping, days: float) -> None:
    api.clock.step((START + days * DAY - api.clock.now()).total_seconds())
    Retention(api.engine, api.tools.removal, api.clock, keeping).turn()


def test_parts_of_a_removed_source_go_with_it(shop: Api) -> None:
    shop.client.delete(f"/api/v1/cameras/{CAMERA}").raise_for_status()
    assert vectors(shop.store) == {str(OTHER): TEN}


def test_what_is_written_of_it_later_goes_too_wherever_it_was_once(shop: Api) -> None:
    shop.client.delete(f"/api/v1/cameras/{CAMERA}").raise_for_status()
    put_part(shop.store, CAMERA, START, store_id=UUID(int=12))
    Retention(shop.engine, shop.tools.removal, shop.clock, KEPT_FOR_EVER).turn()
    assert vectors(shop.store) == {str(OTHER): TEN}


KEPT_FOR_EVER = Keeping(None, None, None, None, None)


def test_an_erasure_takes_its_rows_out_and_proves_how_many(shop: Api) -> None:
    """From the second minute up to and without the fifth."""
    since, until = START + timedelta(minutes=2), START + timedelta(minutes=5)
    proof = proven(shop, asked(shop, since=since.isoformat(), until=until.isoformat()))
    assert vectors(shop.store) == {
        str(CAMERA): [0.0, 1.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        str(OTHER): TEN,
    }
    assert proof["rows"]["archived embeddings"] == 3
    (part,) = (each for each in proof["objects"] if Part.read(each["object_key"]))
    assert (part["rows"], len(part["sha256"])) == (3, 64)


def test_a_part_that_is_all_of_the_stretch_goes(shop: Api) -> None:
    until = START + timedelta(hours=1)
    proof = proven(shop, asked(shop, since=START.isoformat(), until=until.isoformat()))
    assert vectors(shop.store) == {str(OTHER): TEN}
    assert proof["rows"]["archived embeddings"] == 10


def test_what_comes_back_of_it_is_swept(shop: Api) -> None:
    since, until = START + timedelta(minutes=2), START + timedelta(minutes=5)
    proven(shop, asked(shop, since=since.isoformat(), until=until.isoformat()))
    put_part(shop.store, CAMERA, START)
    shop.tools.erasing.sweep()
    assert 3.0 not in vectors(shop.store)[str(CAMERA)]


def test_an_erasure_that_breaks_off_counts_each_row_once(
    shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete, refusals = shop.store.delete, [True]

    def once_refused(key: str) -> None:
        if key.startswith("archive/") and refusals:
            refusals.pop()
            raise ConnectionError("killed here")
        delete(key)

    monkeypatch.setattr(shop.store, "delete", once_refused)
    since, until = START + timedelta(minutes=2), START + timedelta(minutes=5)
    answer = asked(shop, since=since.isoformat(), until=until.isoformat())
    with pytest.raises(ConnectionError):
        carried_out(shop)
    assert proven(shop, answer)["rows"]["archived embeddings"] == 3
    assert vectors(shop.store)[str(CAMERA)] == [0.0, 1.0, 5.0, 6.0, 7.0, 8.0, 9.0]


@pytest.mark.parametrize(("days", "is_kept"), [(10.0, True), (11.0, False)])
def test_whole_days_go_once_they_are_too_old(shop: Api, days: float, is_kept: bool) -> None:
    expire(shop, KEPT, days)
    assert bool(vectors(shop.store)) == is_kept


def test_a_store_may_keep_less(shop: Api) -> None:
    rules = {"archive": {"days": 2}}
    other = put_part(shop.store, OTHER, START, store_id=UUID(int=12))
    url = f"/api/v1/retention?store_id={STORE}"
    shop.client.put(url, json=rules).raise_for_status()
    expire(shop, KEPT, 4)
    assert [info.key for info in shop.store.list("archive/")] == [other.key]


def test_what_is_held_stays(shop: Api) -> None:
    entry = {"source_id": str(CAMERA), "reason": "case 4711"}
    until = {"until": (START + timedelta(minutes=5)).isoformat()}
    shop.client.post("/api/v1/holds", json=entry | until).raise_for_status()
    expire(shop, KEPT, 40)
    assert list(vectors(shop.store)) == [str(CAMERA)]
