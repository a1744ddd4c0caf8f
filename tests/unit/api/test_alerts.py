"""Alerts over HTTP, with evidence and deliveries."""

import io
from uuid import uuid4

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from tests.unit.api.builders import VIDEO, alert, delivered, video_id
from tests.unit.api.conftest import Api

ALERT = str(alert(AlertOpened).alert_id)


@pytest.fixture
def told(api: Api) -> Api:
    api.project(alert(AlertOpened), delivered(1, "retrying", detail="451 busy"), delivered(2))
    return api


def test_the_list_filters_by_video_and_state(told: Api) -> None:
    other = video_id("other")
    told.project(alert(AlertClosed, source_id=other))

    def found(query: str) -> list[str]:
        return [
            one["source_id"] for one in told.client.get(f"/api/v1/alerts?{query}").json()["items"]
        ]

    assert sorted(found("")) == sorted([str(VIDEO), str(other)])
    assert found(f"video_id={other}") == [str(other)]
    assert found("state=open") == [str(VIDEO)]
    assert found(f"state=open&video_id={other}") == []
    assert told.client.get("/api/v1/alerts?state=odd").status_code == 422


def test_an_alert_has_its_deliveries_and_no_links_before_there_is_evidence(told: Api) -> None:
    one = told.client.get(f"/api/v1/alerts/{ALERT}").json()
    assert [(step["attempt"], step["outcome"]) for step in one["deliveries"]] == [
        (1, "retrying"),
        (2, "delivered"),
    ]
    assert (one["snapshot_url"], one["evidence_url"]) == (None, None)
    assert told.client.get(f"/api/v1/alerts/{ALERT}/snapshot").status_code == 404


def test_evidence_is_linked_and_served(told: Api) -> None:
    told.store.put(f"alerts/{ALERT}/snapshot.jpg", io.BytesIO(b"jpeg"), "image/jpeg")
    told.store.put("elsewhere/cut.mp4", io.BytesIO(b"0123456789"), "video/mp4")
    told.project(delivered(3, evidence_key="elsewhere/cut.mp4"))
    one = told.client.get(f"/api/v1/alerts/{ALERT}").json()
    assert one["snapshot_url"].startswith(f"memory://alerts/{ALERT}/snapshot.jpg?expires=3600")
    assert one["evidence_url"].startswith("memory://elsewhere/cut.mp4")
    part = told.client.get(f"/api/v1/alerts/{ALERT}/evidence", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert (
        told.client.head(f"/api/v1/alerts/{ALERT}/snapshot").headers["content-type"] == "image/jpeg"
    )


@pytest.mark.parametrize("path", ["", "/snapshot", "/evidence"])
def test_an_unknown_alert_is_a_problem(api: Api, path: str) -> None:
    answer = api.client.get(f"/api/v1/alerts/{uuid4()}{path}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
