"""The audit log over HTTP, and what of the other routes stands in it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from schemas.alerts import AlertOpened
from schemas.ids import evidence_key, snapshot_key
from services.api.audit import audit_log
from tests.unit.api.builders import CAMERA, alert, configured
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4

ENTRY = {"name": "Till 1", "address": "sim://store", "username": "u", "password": "secret word"}


def log(api: Api, **params: Any) -> list[dict[str, Any]]:
    answer = api.client.get("/api/v1/audit", params=params)
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def actions(api: Api) -> list[str]:
    """In the order in which they happened."""
    return [item["action"] for item in reversed(log(api))]


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random")


def test_what_becomes_of_a_camera_stands_there_without_its_password(keyed: Api) -> None:
    added = keyed.client.post("/api/v1/cameras", json=ENTRY | {"address": "rtsp://192.168.1.9/"})
    path = added.headers["location"]
    keyed.client.patch(path, json={"name": "Till 2", "password": "another word"})
    keyed.client.delete(path)
    assert actions(keyed) == ["camera.added", "camera.changed", "camera.removed"]
    removed, changed, first = log(keyed)
    assert first["address"] == "127.0.0.1"
    assert first["subject"] == changed["subject"] == removed["subject"]
    assert changed["detail"] == {"name": "Till 2"}
    assert "word" not in str(log(keyed))


def test_uploads_and_what_is_played_of_them(api: Api) -> None:
    video = api.upload(MP4).json()["video_id"]
    for _ in range(3):
        api.client.get(f"/api/v1/videos/{video}/media", headers={"Range": "bytes=0-9"})
    api.client.delete(f"/api/v1/videos/{video}")
    assert actions(api) == ["video.submitted", "recording.played", "video.removed"]


def test_evidence_that_is_seen_or_held(api: Api) -> None:
    opened = alert(AlertOpened, source_id=CAMERA, source_kind="camera")
    api.project(configured(), opened)
    api.put(snapshot_key(opened.alert_id))
    api.put(evidence_key(opened.alert_id))
    path = f"/api/v1/alerts/{opened.alert_id}"
    api.client.get(f"{path}/snapshot")
    api.client.get(f"{path}/evidence")
    api.client.patch(path, json={"held": True})
    api.client.patch(path, json={"held": False})
    assert actions(api) == ["evidence.viewed", "alert.held", "alert.released"]


def test_a_view_counts_again_after_a_while(api: Api) -> None:
    opened = alert(AlertOpened, source_id=CAMERA, source_kind="camera")
    api.project(configured(), opened)
    for _ in range(3):
        api.client.get(f"/api/v1/alerts/{opened.alert_id}")
        api.clock.step(301)
    assert actions(api) == ["evidence.viewed"] * 2


def test_the_log_is_paged_and_filtered(api: Api) -> None:
    for number in range(5):
        entry = {"name": f"Till {number}", "address": "sim://store"}
        api.client.post("/api/v1/cameras", json=entry)
    api.upload(MP4)
    first = api.client.get("/api/v1/audit", params={"limit": 4}).json()
    rest = api.client.get("/api/v1/audit", params={"limit": 4, "cursor": first["next"]}).json()
    numbers = [item["sequence"] for item in first["items"] + rest["items"]]
    assert (numbers, rest["next"]) == ([6, 5, 4, 3, 2, 1], None)
    assert len(log(api, action="camera.")) == 5
    assert len(log(api, action="camera.add")) == 0
    assert len(log(api, action="video.submitted")) == 1
    assert len(log(api, subject=numbers[0])) == 0
    assert len(log(api, actor="machine")) == 6


def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    for _ in range(2):
        api.upload(MP4)
    foreign = api.client.get("/api/v1/videos", params={"limit": 1}).json()["next"]
    assert api.client.get("/api/v1/audit", params={"cursor": foreign}).status_code == 422


def test_the_log_is_verified(api: Api) -> None:
    api.upload(MP4)
    path = "/api/v1/audit/verification"
    found = api.client.get(path).json()
    assert (found["is_whole"], found["last"]) == (True, 1)
    assert api.client.get(path, params={"head": found["head"]}).json()["is_whole"]
    with api.engine.begin() as connection:
        connection.execute(update(audit_log).values(subject="another"))
    assert not api.client.get(path).json()["is_whole"]
    assert api.client.get(path, params={"head": "1"}).status_code == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_route_changes_it(api: Api, method: str) -> None:
    for path in ("/api/v1/audit", "/api/v1/audit/verification", "/api/v1/audit/1"):
        assert api.client.request(method, path).status_code in (404, 405)
