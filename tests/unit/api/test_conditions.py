"""What is wrong with a camera: on its timeline, in its list, gone with the camera."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.ids import segment_key
from services.api.tables import segments
from tests.unit.api.builders import (
    CAMERA,
    VIDEO,
    alert,
    at,
    configured,
    health,
    removed,
    scores,
    segment,
)
from tests.unit.api.conftest import Api
from tests.unit.api.test_removal import keys, retention, rows


def timeline(api: Api, **query: Any) -> dict[str, Any]:
    answer = api.client.get(f"/api/v1/sources/{CAMERA}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def listed(api: Api, **query: Any) -> list[tuple[str, bool]]:
    items = api.client.get(f"/api/v1/sources/{CAMERA}/conditions", params=query).json()["items"]
    return [(item["condition"], item["is_over"]) for item in items]


def test_a_still_night_is_no_hole(api: Api) -> None:
    api.project(*scores(5, source_id=CAMERA), health(count=3), health(at_s=90, count=80))
    shown = timeline(api)["conditions"]
    assert [(one["condition"], one["is_over"], one["count"]) for one in shown] == [
        ("still", False, 80)
    ]
    assert shown[0]["ended_at"] == "2026-05-01T22:01:30Z"


def test_a_condition_goes_from_its_beginning_to_its_end_once(api: Api) -> None:
    over = health(at_s=60, is_over=True, detail="Something moves.")
    api.project(health(), over)
    api.project(health(at_s=30), over, health())  # a replay
    (shown,) = timeline(api)["conditions"]
    assert (shown["is_over"], shown["ended_at"]) == (True, "2026-05-01T22:01:00Z")
    assert shown["detail"] == "Something moves."


def test_a_camera_that_was_never_scored_shows_why(api: Api) -> None:
    api.project(configured(), health("offline", 5, 5000, detail="It refuses the connection."))
    assert [one["condition"] for one in timeline(api)["conditions"]] == ["offline"]


@pytest.mark.parametrize(
    ("since_s", "until_s", "seen"),
    [(0, 20, ["offline"]), (25, 35, ["offline"]), (45, 60, []), (100, 300, ["still"])],
)
def test_the_list_is_bounded_by_time(
    api: Api, since_s: float, until_s: float, seen: list[str]
) -> None:
    api.project(health("offline", 10, 40, is_over=True), health("still", 70))
    found = listed(api, since=at(since_s).isoformat(), until=at(until_s).isoformat())
    assert [name for name, _ in found] == seen


def test_alerts_are_told_apart_by_kind(api: Api) -> None:
    health_alert = alert(AlertOpened, None, kind="health", rule="offline", opening=9)
    api.project(alert(AlertClosed), health_alert)

    def kinds(**query: Any) -> list[str]:
        found = api.client.get("/api/v1/alerts", params=query).json()["items"]
        return [one["kind"] for one in found]

    assert kinds() == ["health", "incident"]
    assert kinds(kind="health") == ["health"]
    assert kinds(kind="incident") == ["incident"]
    assert api.client.get("/api/v1/alerts?kind=odd").status_code == 422


def test_names_and_kinds_come_back_from_the_topic(api: Api) -> None:
    """After the loss of the tables scores may come before what is configured."""
    api.project(*scores(3, source_id=CAMERA, source_kind="camera"))
    api.project(configured("Till 1", 5), configured("Till", 2))
    source = api.client.get(f"/api/v1/sources/{CAMERA}").json()
    assert (source["name"], source["source_kind"]) == ("Till 1", "camera")
    assert source["configured_at"] == "2026-05-01T22:00:05Z"


def test_a_source_that_was_removed_elsewhere_is_removed_here(api: Api) -> None:
    api.project(configured(), *scores(3, source_id=CAMERA), health())
    api.take(removed(CAMERA))
    assert api.client.get(f"/api/v1/sources/{CAMERA}").status_code == 404
    retention(api).turn()
    assert rows(api) == {"removed_sources": 1}


def test_recordings_are_kept_as_long_as_is_said(api: Api) -> None:
    key = segment_key(CAMERA, at(0))
    api.put(key)
    api.project(segment(0), segment(0, 5, object_key=key), segment(3 * 86_400))
    retention(api, recordings=timedelta(days=29)).turn()
    assert rows(api)["segments"] == 1
    assert keys(api) == []


def test_a_segment_that_is_gone_stays_known_with_its_copy_in_the_store(api: Api) -> None:
    key = segment_key(CAMERA, at(0))
    api.project(segment(0, 9, is_gone=True), segment(0, 5, object_key=key), segment(0))
    with api.engine.connect() as connection:
        row = connection.execute(segments.select()).one()
    assert (row.is_gone, row.object_key) == (True, key)


def test_the_video_of_another_has_none_of_it(api: Api) -> None:
    api.project(*scores(3), health())
    answer = api.client.get(f"/api/v1/sources/{VIDEO}/conditions")
    assert answer.json() == {"items": [], "next": None}
