"""The analysis of a video waits, and goes on, as somebody wishes."""

from threading import Event
from uuid import UUID

from schemas.sources import SourceConfigured
from schemas.topics import SOURCES
from services.api.endings import Endings
from services.chassis.streaming.lag import ScriptedLag
from tests.unit.api.builders import progressed
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4

MONTH_S = 30 * 86_400.0


def told(api: Api) -> list[tuple[str, bool]]:
    messages = api.publisher.messages(SOURCES)
    return [(one.name, one.is_paused) for one in messages if isinstance(one, SourceConfigured)]


def test_ingest_hears_of_a_pause_and_of_its_end(api: Api) -> None:
    video_id = api.upload(MP4, "a.mp4").json()["video_id"]
    path = f"/api/v1/videos/{video_id}"
    assert api.client.patch(path, json={"is_paused": True}).json()["is_paused"] is True
    assert api.client.get(path).json()["is_paused"] is True
    api.client.patch(path, json={"filename": "b.mp4"})
    assert api.client.patch(path, json={"is_paused": False}).json()["is_paused"] is False
    assert told(api) == [("a.mp4", False), ("a.mp4", True), ("b.mp4", True), ("b.mp4", False)]


def test_what_is_cut_already_cannot_be_paused(api: Api) -> None:
    video_id = api.upload(MP4).json()["video_id"]
    api.project(progressed("decoded", video_id=UUID(video_id), clip_count=3))
    answer = api.client.patch(f"/api/v1/videos/{video_id}", json={"is_paused": True})
    assert answer.status_code == 409
    assert "nothing to pause" in answer.json()["detail"]


def test_a_paused_analysis_is_not_given_up(api: Api) -> None:
    video_id = api.upload(MP4).json()["video_id"]
    path = f"/api/v1/videos/{video_id}"
    api.client.patch(path, json={"is_paused": True})
    api.clock.wait(MONTH_S, Event())
    endings = Endings(api.engine, ScriptedLag(0), api.clock, give_up_after_h=24)
    endings.turn()
    assert api.client.get(path).json()["state"] == "submitted"
    api.client.patch(path, json={"is_paused": False})
    endings.turn()
    assert api.client.get(path).json()["state"] == "failed"
