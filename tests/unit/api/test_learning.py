"""How far learning is, and what to mark next."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertClosed
from schemas.policies import PRESENCE
from services.api.learning.suggesting import Candidate, spread
from tests.unit.api.builders import CAMERA, START, alert, at, configured, head, scored, video_id
from tests.unit.api.conftest import Api

URL = "/api/v1/learning"
DOOR = video_id("door")
RAISED = alert(AlertClosed, source_id=CAMERA, source_kind="camera", start_s=300.0, end_s=310.0)


@pytest.fixture
def shop(api: Api) -> Api:
    """Two cameras an hour ago: the till's head was once nearly sure, the door's once a little."""
    api.clock.step((START + timedelta(hours=1) - api.clock.now()).total_seconds())
    api.project(configured(), configured(source_id=DOOR, name="Door"))
    for source_id, peak in ((CAMERA, 0.55), (DOOR, 0.4)):
        for index in range(0, 600, 60):
            level = peak if index == 120 else 0.1
            of_clip = (head("theft", level),)
            api.project(scored(index, source_id=source_id, heads=of_clip))
    return api


def test_the_nearest_to_the_mark_of_each_camera_is_suggested_with_its_player(shop: Api) -> None:
    found = shop.client.get(URL).json()["suggestions"]
    assert [each["source_name"] for each in found] == ["Till 1", "Door"]
    first = found[0]
    assert (first["kind"], first["label"], first["mark"]) == ("moment", "theft", 0.6)
    assert first["score"] == pytest.approx(0.55)
    assert first["player"] == f"/cameras/{CAMERA}?at=2026-05-01T22:02:00Z"


def test_what_was_looked_at_is_not_suggested_again(shop: Api) -> None:
    mark(shop, label="normal", since=at(120), until=at(150))
    found = shop.client.get(URL).json()
    assert [each["source_name"] for each in found["suggestions"]] == ["Door"]
    assert [each["normal_marked"] for each in found["labels"]] == [1]


def test_alerts_without_a_verdict_come_first(shop: Api) -> None:
    shop.project(RAISED)
    first = shop.client.get(URL).json()["suggestions"][0]
    assert (first["kind"], first["player"]) == ("alert", f"/alerts/{RAISED.alert_id}")
    shop.client.put(f"/api/v1/alerts/{RAISED.alert_id}/verdict", json={"verdict": "true"})
    kinds = [each["kind"] for each in shop.client.get(URL).json()["suggestions"]]
    assert "alert" not in kinds


def test_marks_are_counted_by_what_was_shown_not_by_what_it_was_called(shop: Api) -> None:
    shop.project(RAISED)
    shop.client.put(f"/api/v1/alerts/{RAISED.alert_id}/verdict", json={"verdict": "true"})
    mark(shop)
    rows = {each["label"]: each for each in shop.client.get(URL).json()["labels"]}
    assert (rows["fight"]["marked"], rows["theft"]["marked"]) == (1, 1)
    assert (rows["theft"]["days"], rows["theft"]["cameras"]) == (1, 1)
    assert rows["theft"]["needed"] == {"about": None, "at_least": 36, "at_most": None}
    assert rows["theft"]["model_id"] == "linear-theft"
    mark(shop, since=at(300), until=at(308), alert_id=RAISED.alert_id)
    rows = {each["label"]: each for each in shop.client.get(URL).json()["labels"]}
    assert "fight" not in rows
    assert rows["theft"]["marked"] == 2


def test_no_head_learns_from_a_rule_on_presence(shop: Api) -> None:
    present = alert(
        AlertClosed,
        None,
        5,
        source_id=CAMERA,
        source_kind="camera",
        rule="closed",
        model_id=PRESENCE,
    )
    shop.project(present)
    assert {each["label"] for each in shop.client.get(URL).json()["suggestions"]} == {"theft"}
    shop.client.put(f"/api/v1/alerts/{present.alert_id}/verdict", json={"verdict": "true"})
    assert [each["label"] for each in shop.client.get(URL).json()["labels"]] == ["theft"]


def test_quiet_hours_are_those_with_scores_and_without_alerts(shop: Api) -> None:
    assert shop.client.get(URL).json()["quiet_hours"] == 2
    shop.project(RAISED)
    assert shop.client.get(URL).json()["quiet_hours"] == 1


def mark(shop: Api, **fields: Any) -> None:
    content = {"source_id": CAMERA, "since": at(10), "until": at(20), "label": "theft"} | fields
    body = {name: str(value) for name, value in content.items()}
    assert shop.client.post("/api/v1/missed-events", json=body).status_code == 201


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(0, 1)), max_size=40),
    st.integers(1, 12),
)
def test_no_camera_and_day_crowds_out_another(
    rows: list[tuple[int, int, float]], limit: int
) -> None:
    """Wherever there is more to suggest, the shares of two places differ by one at most."""
    found = [
        Candidate(
            {"source_id": str(UUID(int=camera))},
            None,
            "theft",
            START + timedelta(days=day),
            START + timedelta(days=day, minutes=1),
            score,
            0.5,
        )
        for camera, day, score in rows
    ]
    chosen = Counter(each.place for each in spread(found, limit))
    there = Counter(each.place for each in found)
    assert chosen.total() == min(limit, len(found))
    unspent = [chosen[place] for place in there if chosen[place] < there[place]]
    assert not unspent or max(chosen.values()) <= min(unspent) + 1
