"""A preview says what the live stream would have raised, whatever it leaves unread."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from schemas.alerts import AlertOpened
from schemas.clips import ClipRef, ClipSpec
from schemas.hours import StoreHours
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.policies import PersistenceRule
from schemas.scores import ClipScored
from services.api.policies.replaying import Allowance, Fired, Spent, Subject, replayed
from services.api.scores.reading import Span
from services.api.scores.writing import write_scores
from services.api.tables import score_blocks, score_hours, score_series
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.rules.persistence import Moment, RuleState, advance
from tests.unit.api.builders import CAMERA, START, alert, configured, head
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.people import browser, person, tenant
from tests.unit.api.policies.test_policies import rule

SPARSE = ClipSpec(frame_rate=0.05)
"""A clip takes over five minutes, so that few of them are many hours."""
SPAN = Span(START, START + timedelta(days=3))
RULE = PersistenceRule(name="fight", label="Possible fight", high=0.9, low=0.5, k=2, n=3, m=2)
H, M, L = 0.95, 0.7, 0.1


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    url = f"sqlite:///{tmp_path_factory.mktemp('preview')}/preview.db"
    upgrade(url)
    return database.connect(url)


def clips(values: Sequence[tuple[int, float]]) -> list[ClipScored]:
    return [
        ClipScored(
            source_id=CAMERA,
            source_kind="camera",
            origin_at=START,
            cut_at=START,
            detector="test",
            backbone="i3d_k400",
            spec=SPARSE,
            clips=(
                ClipRef(
                    index=index, start_s=index * SPARSE.hop_s, end_s=(index + 1) * SPARSE.hop_s
                ),
            ),
            heads=(head(calibrated=value),),
        )
        for index, value in values
    ]


def in_full(rule: PersistenceRule, values: Sequence[tuple[int, float]]) -> list[float]:
    """When episodes begin: every clip looked at."""
    state, found = RuleState(), []
    for index, value in values:
        now = Moment(index, index * SPARSE.hop_s, (index + 1) * SPARSE.hop_s, value)
        state, changes = advance(state, rule, now)
        found += [c.episode.first.start_s for c in changes if c.kind == "opened"]
    return found


def preview(
    engine: Engine, rule: PersistenceRule, values: Sequence[tuple[int, float]], **more: Any
) -> list[Fired]:
    subject = Subject(str(CAMERA), "live", True, {rule.name: rule}, StoreHours())
    with engine.begin() as connection:
        for table in (score_blocks, score_hours, score_series):
            connection.execute(delete(table))
        write_scores(connection, clips(values), NOW)
        return list(replayed(connection, subject, SPAN, more.get("allowance") or Allowance()))


quiet = st.integers(1, 300).map(lambda count: [L] * count)
bursts = st.lists(st.sampled_from([H, M, L, 0.99]), min_size=1, max_size=6)
texts = st.lists(st.one_of(quiet, bursts, st.just([None])), max_size=12)
rules = st.builds(
    lambda k, n, m, alone, least, cooldown: RULE.model_copy(
        update={
            "k": k,
            "n": n,
            "m": m,
            "alone": alone,
            "min_duration_s": least,
            "cooldown_s": cooldown,
        }
    ),
    st.integers(1, 2),
    st.integers(2, 4),
    st.integers(1, 3),
    st.sampled_from([None, 0.98]),
    st.sampled_from([0.0, 900.0]),
    st.sampled_from([0.0, 2000.0]),
)


@given(texts, rules)
@settings(max_examples=40)
def test_it_is_what_the_stream_would_have_raised(
    engine: Engine, parts: list[list[float | None]], rule: PersistenceRule
) -> None:
    """Gaps included: a missing clip is one that is not there."""
    values = [
        (index, value)
        for index, value in enumerate(value for part in parts for value in part)
        if value is not None and index * SPARSE.hop_s < 3 * 86_400
    ]
    expected = [START + timedelta(seconds=at) for at in in_full(rule, values)]
    assert [one.started_at for one in preview(engine, rule, values)] == expected


def test_what_is_quiet_costs_next_to_nothing(engine: Engine) -> None:
    values = [(index, H if index in (400, 401) else L) for index in range(800)]
    allowance = Allowance(fed=20)
    assert len(preview(engine, RULE, values, allowance=allowance)) == 1


def test_an_allowance_that_does_not_last_is_said(engine: Engine) -> None:
    values = [(index, H) for index in range(100)]
    with pytest.raises(Spent):
        preview(engine, RULE, values, allowance=Allowance(fed=20))


def entry(**more: Any) -> dict[str, Any]:
    return {
        "source_ids": [str(CAMERA)],
        "since": START.isoformat(),
        "until": (START + timedelta(days=3)).isoformat(),
        "policy": {},
    } | more


@pytest.fixture
def filled(api: Api) -> Api:
    """A camera with two stretches that stand high, of which one raised an alert."""
    store_id = default_store(DEFAULT_TENANT)
    api.project(configured(tenant_id=DEFAULT_TENANT, store_id=store_id))
    values = [
        (index, 0.93 if index in (*range(4, 10), *range(300, 306)) else L) for index in range(500)
    ]
    raised = alert(AlertOpened, source_id=CAMERA, source_kind="camera")
    api.project(*clips(values), raised)
    return api


def asked(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.client.post("/api/v1/policies/preview", json=entry(**more))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_would_stands_beside_did_by_day(filled: Api) -> None:
    view = asked(filled, policy={"rules": [rule(0.9) | {"budget_per_day": None}]})
    (camera,) = view["sources"]
    assert (camera["would"], camera["did"], camera["name"]) == (2, 1, "Till 1")
    assert camera["days"] == [
        {"day": "2026-05-01", "rule": "fight", "would": 1, "did": 1},
        {"day": "2026-05-03", "rule": "fight", "would": 1, "did": 0},
    ]
    assert [one["rule"] for one in camera["alerts"]] == ["fight", "fight"]
    assert (view["left_out"], view["notes"]) == ([], [])


def test_a_stricter_mark_or_a_muted_rule_raises_less(filled: Api) -> None:
    strict = asked(filled, policy={"rules": [rule(0.95)]})
    muted = asked(filled, policy={"muted": ["fight"]})
    assert [view["sources"][0]["would"] for view in (strict, muted)] == [0, 0]


def test_it_lies_over_what_is_inherited_and_changes_nothing(filled: Api) -> None:
    filled.client.put("/api/v1/policies/tenant", json={"rules": [rule(0.9)]})
    filled.client.put(f"/api/v1/policies/sources/{CAMERA}", json={"rules": [rule(0.95)]})
    assert asked(filled)["sources"][0]["would"] == 2
    under = asked(filled, scope="tenant", policy={"rules": [rule(0.92)]})
    assert under["sources"][0]["would"] == 0, "the source's own is nearer"
    kept = filled.client.get(f"/api/v1/policies/sources/{CAMERA}").json()
    assert kept["policy"]["rules"][0]["high"] == 0.95


def test_what_cannot_be_replayed_is_said(filled: Api) -> None:
    policy = {
        "rules": [rule(0.9)],
        "presence": [{"name": "night", "label": "Somebody", "zone": "till"}],
    }
    notes = asked(filled, policy=policy)["notes"]
    assert len(notes) == 3
    assert any("Till 1: no poses are kept" in note and "night" in note for note in notes)
    assert any("no zone 'till'" in note for note in notes)
    assert any("Budgets" in note for note in notes)


def test_all_cameras_of_a_store(filled: Api) -> None:
    store_id = str(default_store(DEFAULT_TENANT))
    view = asked(filled, source_ids=None, store_id=store_id, policy={"rules": [rule(0.9)]})
    assert [camera["source_id"] for camera in view["sources"]] == [str(CAMERA)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": START.isoformat()},
        {"until": (START + timedelta(days=32)).isoformat()},
        {"source_ids": []},
        {"source_ids": None},
        {"source_ids": [str(CAMERA)] * 101},
        {"store_id": str(CAMERA)},
    ],
)
def test_what_has_no_bounds_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    assert api.client.post("/api/v1/policies/preview", json=entry(**wrong)).status_code == 422


def test_of_another_tenant_nothing_is_shown(filled: Api) -> None:
    theirs = browser(filled, person(filled, "owner", tenant(filled)))
    assert theirs.post("/api/v1/policies/preview", json=entry()).status_code == 404
