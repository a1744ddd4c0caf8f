"""Alerts over HTTP, with evidence and deliveries."""

import io
from typing import Any
from uuid import uuid4

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.ids import evidence_key, snapshot_key
from tests.unit.api.builders import CLIP_S, VIDEO, alert, at, delivered, video_id
from tests.unit.api.conftest import Api

ALERT = alert(AlertOpened).alert_id


@pytest.fixture
def told(api: Api) -> Api:
    api.project(alert(AlertOpened), delivered(1, "retrying", detail="451 busy"), delivered(2))
    return api


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.client.get("/api/v1/alerts", params=query).json()["items"]
    return items


def test_the_list_filters_by_source_state_and_run(told: Api) -> None:
    other = video_id("other")
    told.project(alert(AlertClosed, source_id=other), alert(AlertOpened, run="replay-1"))

    def found(**query: Any) -> list[str]:
        return sorted(one["source_id"] for one in listed(told, **query))

    assert found() == sorted([str(VIDEO), str(other)])
    assert found(source_id=other) == [str(other)]
    assert found(state="open") == [str(VIDEO)]
    assert found(state="open", source_id=other) == []
    assert found(run="replay-1") == [str(VIDEO)]
    assert told.client.get("/api/v1/alerts?state=odd").status_code == 422


def test_the_list_is_bounded_by_time_and_goes_on_by_cursor(api: Api) -> None:
    api.project(*(alert(AlertClosed, opening=opening) for opening in range(7)))
    bounds = {"since": at(2 * CLIP_S).isoformat(), "until": at(6 * CLIP_S).isoformat()}
    assert [round(one["start_s"] / CLIP_S) for one in listed(api, **bounds)] == [5, 4, 3, 2]
    page = api.client.get("/api/v1/alerts?limit=4").json()
    api.project(alert(AlertClosed, opening=20))  # comes before the first page, and moves nothing
    rest = api.client.get("/api/v1/alerts", params={"cursor": page["next"]}).json()
    starts = [round(one["start_s"] / CLIP_S) for one in page["items"] + rest["items"]]
    assert (starts, rest["next"]) == ([6, 5, 4, 3, 2, 1, 0], None)


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "WyIyMDI2IiwxXQ==", "A" * 200])
def test_a_cursor_of_ours_alone_is_read(api: Api, cursor: str) -> None:
    answer = api.client.get("/api/v1/alerts", params={"cursor": cursor})
    assert answer.status_code in (200, 422)


def test_an_alert_tells_when_it_was(told: Api) -> None:
    one = told.client.get(f"/api/v1/alerts/{ALERT}").json()
    assert one["started_at"] == "2026-05-01T22:00:02.133333Z"
    assert (one["severity"], one["reason"], one["run"]) == ("warning", None, "live")


def test_an_alert_has_its_deliveries_and_no_links_before_there_is_evidence(told: Api) -> None:
    one = told.client.get(f"/api/v1/alerts/{ALERT}").json()
    assert [(step["attempt"], step["outcome"]) for step in one["deliveries"]] == [
        (1, "retrying"),
        (2, "delivered"),
    ]
    assert (one["snapshot_url"], one["evidence_url"]) == (None, None)
    assert told.client.get(f"/api/v1/alerts/{ALERT}/snapshot").status_code == 404


def test_evidence_is_linked_and_served(told: Api) -> None:
    told.store.put(snapshot_key(ALERT), io.BytesIO(b"jpeg"), "image/jpeg")
    told.store.put(evidence_key(ALERT), io.BytesIO(b"0123456789"), "video/mp4")
    one = told.client.get(f"/api/v1/alerts/{ALERT}").json()
    assert one["snapshot_url"].startswith(f"memory://alerts/{ALERT}/snapshot.jpg?expires=3600")
    assert one["evidence_url"].startswith(f"memory://alerts/{ALERT}/evidence.mp4")
    part = told.client.get(f"/api/v1/alerts/{ALERT}/evidence", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    head = told.client.head(f"/api/v1/alerts/{ALERT}/snapshot")
    assert head.headers["content-type"] == "image/jpeg"
    assert "snapshot.jpg" in head.headers["content-disposition"]


@pytest.mark.parametrize("path", ["", "/snapshot", "/evidence"])
def test_an_unknown_alert_is_a_problem(api: Api, path: str) -> None:
    answer = api.client.get(f"/api/v1/alerts/{uuid4()}{path}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
