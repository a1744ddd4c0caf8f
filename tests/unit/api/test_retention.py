"""Retention by tenant and store, by age and size; what is held outlives all of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select

from schemas.alerts import AlertClosed
from schemas.ids import DEFAULT_TENANT, evidence_key, segment_id, segment_key
from schemas.keeping import KeepingConfigured
from schemas.topics import KEEPING
from services.api.access import stores
from services.api.config import Keeping
from services.api.keeping.measuring import EvidenceMeasuring
from services.api.keeping.rules import KINDS, Bound, RetentionRules, in_force
from services.api.retention import Retention
from services.api.tables import conditions, score_blocks, segments
from tests.unit.api.builders import CAMERA, START, alert, at, configured, health, scored, segment
from tests.unit.api.conftest import Api
from tests.unit.api.people import a_store
from tests.unit.api.test_uploads import MP4

DAY = timedelta(days=1)
STORE, NEXT_STORE = UUID(int=101), UUID(int=102)
HERE, THERE = CAMERA, uuid5(CAMERA, "the next store's")
KEPT = Keeping(90 * DAY, 90 * DAY, 730 * DAY, 90 * DAY, 30 * DAY)
PATH = "/api/v1/retention"


def raised(source_id: UUID = HERE, opening: int = 70) -> AlertClosed:
    return alert(
        AlertClosed, opening=opening, source_id=source_id, source_kind="camera", reason="subsided"
    )


@pytest.fixture
def chain(make_api: Callable[..., Api]) -> Api:
    """Two stores with a camera each, five minutes of recordings, an alert, scores, a condition."""
    api = make_api(api_keep_recordings_days=30)
    api.clock.step((START - api.clock.now()).total_seconds())
    with api.engine.begin() as connection:
        for store_id in (STORE, NEXT_STORE):
            stores.add(connection, a_store(store_id, DEFAULT_TENANT, api.clock.now()))
    for source_id, store_id in ((HERE, STORE), (THERE, NEXT_STORE)):
        api.project(configured(source_id=source_id, tenant_id=DEFAULT_TENANT, store_id=store_id))
        api.project(raised(source_id), *(scored(n, 0.5, source_id=source_id) for n in range(300)))
        api.project(health("offline", start_s=5, at_s=50, is_over=True, source_id=source_id))
        api.put(evidence_key(raised(source_id).alert_id), b"x" * 1000)
        for start_s in range(0, 300, 50):
            key = segment_key(source_id, at(start_s))
            api.put(key, b"x" * 100)
            api.project(
                segment(
                    start_s,
                    50,
                    source_id=source_id,
                    segment_id=segment_id(source_id, at(start_s)),
                    ended_at=at(start_s + 50),
                    object_key=key,
                    size_bytes=100_000_000,
                )
            )
    return api


def carried_out(api: Api, days: float, keeping: Keeping = KEPT) -> None:
    """So many days after what the chain has was recorded."""
    api.clock.step((START + timedelta(days=days) - api.clock.now()).total_seconds())
    EvidenceMeasuring(api.engine, api.store, api.clock).turn()
    duty = Retention(api.engine, api.tools.removal, api.clock, keeping)
    while duty.turn() == 0.0:
        pass


def recorded(api: Api, source_id: UUID) -> list[int]:
    """Seconds at which the segments begin that the store still has."""
    with api.engine.connect() as connection:
        mine = segments.c.source_id == str(source_id)
        rows = connection.execute(select(segments.c.started_at).where(mine)).all()
    begins = sorted(row.started_at for row in rows)
    assert [segment_key(source_id, begin) for begin in begins] == [
        info.key for info in api.store.list(f"recordings/{source_id}/")
    ]
    return [int((begin - START).total_seconds()) for begin in begins]


def set_rules(api: Api, rules: dict[str, Any], store_id: UUID | None = None) -> Any:
    where = {"store_id": str(store_id)} if store_id else {}
    answer = api.client.put(PATH, json=rules, params=where)
    assert answer.status_code == 200, answer.text
    return answer.json()


def held(api: Api, **entry: Any) -> Any:
    sent = {"source_id": str(HERE), "reason": "case 4711"} | entry
    return api.client.post("/api/v1/holds", json=sent)


def test_the_nearest_rule_holds_and_the_machine_is_the_ceiling(chain: Api) -> None:
    set_rules(chain, {"recordings": {"days": 10}, "alerts": {"days": 20}})
    view = set_rules(chain, {"recordings": {"days": 20}}, STORE)
    kinds = {each["kind"]: each for each in view["in_force"]}
    assert (kinds["recordings"]["days"], kinds["recordings"]["days_from"]) == (20.0, "store")
    assert (kinds["alerts"]["days"], kinds["alerts"]["days_from"]) == (20.0, "tenant")
    assert (kinds["scores"]["days"], kinds["scores"]["days_from"]) == (90.0, "machine")
    answer = chain.client.put(PATH, json={"recordings": {"days": 31}})
    assert (answer.status_code, "30 days" in answer.json()["detail"]) == (422, True)


def test_each_store_by_its_own_rules(chain: Api) -> None:
    set_rules(chain, {"recordings": {"days": 5}})
    set_rules(chain, {"recordings": {"days": 20}}, NEXT_STORE)
    carried_out(chain, 10)
    assert (recorded(chain, HERE), len(recorded(chain, THERE))) == ([], 6)
    carried_out(chain, 21)
    assert recorded(chain, THERE) == []


def test_rules_that_are_taken_away_hold_no_longer(chain: Api) -> None:
    set_rules(chain, {"evidence": {"days": 5}})
    assert set_rules(chain, {})["rules"] == RetentionRules().model_dump()
    carried_out(chain, 10)
    assert len(list(chain.store.list("alerts/"))) == 2


def test_every_kind_by_age(chain: Api) -> None:
    bounds = {kind: {"days": 5} for kind in KINDS}
    set_rules(chain, bounds, STORE)
    carried_out(chain, 10)
    assert chain.client.get(f"/api/v1/alerts/{raised(HERE).alert_id}").status_code == 404
    assert chain.client.get(f"/api/v1/alerts/{raised(THERE).alert_id}").status_code == 200
    keys = [info.key for info in chain.store.list("alerts/")]
    assert keys == [evidence_key(raised(THERE).alert_id)]
    for source_id, count in ((HERE, 0), (THERE, 300)):
        clips = chain.client.get(
            f"/api/v1/sources/{source_id}/timeline", params={"resolution": "clip"}
        ).json()["clips"]
        assert len(clips) == count


def test_too_much_of_a_store_goes_oldest_first(chain: Api) -> None:
    set_rules(chain, {"recordings": {"gb": 0.25}}, STORE)
    carried_out(chain, 1)
    assert recorded(chain, HERE) == [200, 250]
    assert len(recorded(chain, THERE)) == 6


def test_a_tenants_bound_counts_all_of_its_stores(chain: Api) -> None:
    set_rules(chain, {"recordings": {"gb": 0.4}, "evidence": {"gb": 0.0000015}})
    carried_out(chain, 1)
    assert len(recorded(chain, HERE)) + len(recorded(chain, THERE)) == 4
    assert len(list(chain.store.list("alerts/"))) == 1


def test_uploads_go_oldest_first(api: Api) -> None:
    names = []
    for number in range(3):
        names.append(api.upload(MP4, f"{number}.mp4").json()["video_id"])
        api.clock.step(60)
    set_rules(api, {"uploads": {"gb": 2 * len(MP4) / 1e9}})
    Retention(api.engine, api.tools.removal, api.clock, KEPT).turn()
    left = {each["video_id"] for each in api.client.get("/api/v1/videos").json()["items"]}
    assert left == set(names[1:])


def test_a_machines_bound_is_each_tenants(chain: Api) -> None:
    keeping = Keeping(None, None, None, None, None, {"recordings": 0.5})
    carried_out(chain, 1, keeping)
    assert len(recorded(chain, HERE)) + len(recorded(chain, THERE)) == 5


def test_what_is_held_outlives_age_and_size(chain: Api) -> None:
    """Recordings by whole segments; the alert, its evidence, scores and the condition of then."""
    stretch = {"since": at(60).isoformat(), "until": at(120).isoformat()}
    hold = held(chain, **stretch)
    assert hold.status_code == 201, hold.text
    set_rules(chain, {"recordings": {"gb": 0.000001}})
    carried_out(chain, 1)
    assert (recorded(chain, HERE), recorded(chain, THERE)) == ([50, 100], [])
    carried_out(chain, 1000)
    assert recorded(chain, HERE) == [50, 100]
    assert chain.client.get(f"/api/v1/alerts/{raised(HERE).alert_id}").status_code == 200
    assert len(list(chain.store.list("alerts/"))) == 1
    with chain.engine.connect() as connection:
        assert len(connection.execute(select(score_blocks)).all()) > 0
        assert connection.execute(select(conditions)).all() == []  # it was over before
    address = hold.headers["location"]
    assert chain.client.delete(address).status_code == 204
    carried_out(chain, 1000)
    assert list(chain.store.list("")) == []
    with chain.engine.connect() as connection:
        assert connection.execute(select(score_blocks)).all() == []


def test_a_held_source_is_neither_removed_nor_erased(chain: Api) -> None:
    chain.clock.step(3600)
    hold = held(chain, since=at(60).isoformat(), until=at(120).isoformat()).json()["hold_id"]
    removal = chain.client.delete(f"/api/v1/cameras/{HERE}")
    assert (removal.status_code, hold in removal.json()["detail"]) == (409, True)
    entry = {"source_id": str(HERE), "reason": "Art. 17 GDPR"}
    erasure = chain.client.post("/api/v1/erasures", json=entry)
    assert (erasure.status_code, hold in erasure.json()["detail"]) == (409, True)
    beside = entry | {"until": at(60).isoformat()}
    assert chain.client.post("/api/v1/erasures", json=beside).status_code == 202


def test_an_upload_is_held_as_a_whole(api: Api) -> None:
    video = api.upload(MP4).json()["video_id"]
    view = held(api, source_id=video, until=at(5).isoformat()).json()
    assert (view["since"], view["until"]) == (None, None)
    assert api.client.delete(f"/api/v1/videos/{video}").status_code == 409
    carried_out(api, 4000)
    assert api.client.get(f"/api/v1/videos/{video}").status_code == 200


def test_holds_are_listed_with_those_of_alerts(chain: Api) -> None:
    held(chain, until=at(5).isoformat())
    address = f"/api/v1/alerts/{raised(THERE).alert_id}"
    chain.client.patch(address, json={"held": True, "reason": "insurance"})
    items = chain.client.get("/api/v1/holds").json()["items"]
    assert {(each["alert_id"], each["reason"]) for each in items} == {
        (None, "case 4711"),
        (str(raised(THERE).alert_id), "insurance"),
    }
    name = raised(THERE).alert_id
    assert chain.client.delete(f"/api/v1/holds/{name}").status_code == 204
    assert chain.client.get(address).json()["is_held"] is False
    assert len(chain.client.get("/api/v1/holds").json()["items"]) == 1


def test_an_open_alert_that_goes_on_stays_held_to_its_end(chain: Api) -> None:
    chain.client.patch(f"/api/v1/alerts/{raised(HERE).alert_id}", json={"held": True})
    later = raised(HERE).model_copy(update={"end_s": raised(HERE).end_s + 3600.0})
    chain.project(later)
    carried_out(chain, 1)
    (view,) = chain.client.get("/api/v1/holds").json()["items"]
    assert view["until"] > (at(3600)).isoformat()[:19]


def test_ingest_and_alerts_are_told_once(chain: Api) -> None:
    before = len(chain.publisher.published)
    set_rules(chain, {"recordings": {"days": 5}}, STORE)
    hold = held(chain, since=at(60).isoformat(), until=at(120).isoformat()).json()["hold_id"]
    first, second = (
        item.message for item in chain.publisher.published[before:] if item.topic == KEEPING
    )
    assert isinstance(first, KeepingConfigured)
    assert isinstance(second, KeepingConfigured)
    assert (first.source_id, first.recordings_s, first.held) == (HERE, 432_000.0, ())
    assert [(each.since_at, each.until_at) for each in second.held] == [(at(60), at(120))]
    chain.tools.announce_keeping()
    assert len([item for item in chain.publisher.published if item.topic == KEEPING]) == 2
    set_rules(chain, {}, STORE)
    chain.client.delete(f"/api/v1/holds/{hold}")
    last = chain.publisher.published[-1]
    assert (last.topic, last.key, last.message) == (KEEPING, str(HERE), None)


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ({"embeddings": {"days": 5}}, 422),
        ({"scores": {"gb": 5}}, 422),
        ({"recordings": {"days": 0}}, 422),
        ({"recordings": {"days": -1}}, 422),
    ],
)
def test_what_cannot_be_set(api: Api, rules: dict[str, Any], status: int) -> None:
    assert api.client.put(PATH, json=rules).status_code == status


def test_what_only_the_machine_sets_is_shown(api: Api) -> None:
    of_machine = {each["what"]: each for each in api.client.get(PATH).json()["of_machine"]}
    assert of_machine["embeddings"]["set_by"] == "topic embeddings.v1"


def test_what_is_not_there_is_not_held(api: Api) -> None:
    assert held(api, source_id=str(uuid4())).status_code == 404


DAYS = some.none() | some.floats(0.1, 1000)


@given(machine=DAYS, tenant=DAYS, store=DAYS)
def test_no_rule_outlasts_the_machine(
    machine: float | None, tenant: float | None, store: float | None
) -> None:
    span = None if machine is None else timedelta(days=machine)
    keeping = Keeping(span, span, span, span, span, archive=span)
    for kind in KINDS:
        layers = {
            "tenant": RetentionRules(**{kind: {"days": tenant}}),
            "store": RetentionRules(**{kind: {"days": store}}),
        }
        found = in_force(keeping, kind, layers)  # type: ignore[arg-type]
        wanted = store if store is not None else tenant
        if machine is None:
            assert found.days == wanted
        else:
            assert found.days is not None
            assert found.days <= machine + 1e-6
            assert wanted is None or found.days <= wanted
    assert Bound().days is None
