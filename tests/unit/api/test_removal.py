"""A video is removed everywhere, and nothing brings it back."""

import io
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from schemas.alerts import AlertClosed
from schemas.ids import evidence_key, snapshot_key
from schemas.topics import CALIBRATIONS, POLICIES, SOURCES
from services.api.config import Keeping
from services.api.keeping.measuring import EvidenceMeasuring
from services.api.retention import Retention
from services.api.tables import metadata, removed_sources
from services.chassis.errors import TransientError
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.builders import alert, delivered, progressed, scores
from tests.unit.api.conftest import Api
from tests.unit.api.test_uploads import MP4

DAY_S = 86_400
FOR_EVER = Keeping(None, None, None, None, None)


def analysed(api: Api) -> UUID:
    """A video with everything that may be kept of one."""
    video = UUID(api.upload(MP4, "till.mp4").json()["video_id"])
    fill(api, video)
    return video


def fill(api: Api, video: UUID) -> None:
    raised = alert(AlertClosed, source_id=video)
    for key in (snapshot_key(raised.alert_id), evidence_key(raised.alert_id)):
        api.store.put(key, io.BytesIO(b"evidence"), "image/jpeg")
    api.store.put(f"videos/{video}/playable.mp4", io.BytesIO(b"copy"), "video/mp4")
    api.project(
        progressed("decoded", video_id=video, clip_count=200),
        *scores(200, source_id=video),
        *scores(3, source_id=video, run="replay-1"),
        raised,
        delivered(alert_id=raised.alert_id, source_id=video, delivery_id=uuid4()),
    )


def rows(api: Api) -> dict[str, int]:
    """How many rows which tables hold, but for stores and the audit log."""
    with api.engine.connect() as connection:
        counts = {
            table.name: len(connection.execute(select(table)).all())
            for table in metadata.sorted_tables
            if table.name not in ("tenants", "stores", "incident_places")
        }
    return {
        name: count for name, count in counts.items() if count and not name.startswith("audit_")
    }


def keys(api: Api) -> list[str]:
    return [info.key for info in api.store.list("")]


def retention(api: Api, **fields: Any) -> Retention:
    """Of what was measured before."""
    EvidenceMeasuring(api.engine, api.store, api.clock).turn()
    keeping = Keeping(**(FOR_EVER.__dict__ | fields))
    return Retention(api.engine, api.tools.removal, api.clock, keeping)


def test_a_removed_video_is_gone_everywhere(api: Api) -> None:
    video = analysed(api)
    assert api.client.delete(f"/api/v1/videos/{video}").status_code == 204
    assert rows(api) == {"removed_sources": 1}
    assert keys(api) == []
    told = [(item.topic, item.key) for item in api.publisher.published if item.message is None]
    assert told == [(topic, str(video)) for topic in (SOURCES, POLICIES, CALIBRATIONS)]
    for path in (f"videos/{video}", f"sources/{video}", f"sources/{video}/timeline"):
        assert api.client.get(f"/api/v1/{path}").status_code == 404
    assert api.client.get("/api/v1/videos").json()["items"] == []


def test_only_the_one_video_is_removed(api: Api) -> None:
    other = analysed(api)
    before = rows(api), keys(api)
    api.client.delete(f"/api/v1/videos/{analysed(api)}")
    assert api.client.get(f"/api/v1/videos/{other}").status_code == 200
    assert (rows(api), keys(api)) == (before[0] | {"removed_sources": 1}, before[1])


def test_removing_again_is_fine_and_removing_nothing_is_not(api: Api) -> None:
    video = analysed(api)
    answers = [api.client.delete(f"/api/v1/videos/{video}").status_code for _ in range(2)]
    assert answers == [204, 204]
    assert api.client.delete(f"/api/v1/videos/{uuid4()}").status_code == 404


def test_what_comes_late_does_not_bring_it_back(api: Api) -> None:
    video = analysed(api)
    api.client.delete(f"/api/v1/videos/{video}")
    api.project(progressed("decoded", video_id=video), *scores(9, source_id=video))
    api.project(alert(AlertClosed, source_id=video), delivered(source_id=video))
    assert rows(api) == {"removed_sources": 1}


class Halting(MemoryPublisher):
    is_away = False

    def flush(self) -> None:
        if self.is_away:
            raise TransientError("Kafka is away")


def test_a_removal_that_breaks_off_hides_it_and_is_finished_later(
    make_api: Callable[..., Api],
) -> None:
    publisher = Halting()
    api = make_api(publisher=publisher)
    video = analysed(api)
    publisher.is_away = True
    assert api.client.delete(f"/api/v1/videos/{video}").status_code == 503
    assert api.client.get(f"/api/v1/videos/{video}").status_code == 404
    publisher.is_away = False
    retention(api).turn()
    assert (rows(api), keys(api)) == ({"removed_sources": 1}, [])


def test_what_was_put_down_meanwhile_is_swept(api: Api) -> None:
    """Ingest and alerts may be in the middle of writing when the removal comes."""
    video = analysed(api)
    api.client.delete(f"/api/v1/videos/{video}")
    api.store.put(f"videos/{video}/playable.mp4", io.BytesIO(b"late"), "video/mp4")
    late = evidence_key(alert(AlertClosed, source_id=video).alert_id)
    api.store.put(late, io.BytesIO(b"late"), "video/mp4")
    retention(api).turn()
    assert keys(api) == []


def test_removals_are_forgotten_once_no_topic_speaks_of_them(api: Api) -> None:
    api.client.delete(f"/api/v1/videos/{analysed(api)}")
    api.clock.wait(40 * DAY_S, Event())
    retention(api).turn()
    with api.engine.connect() as connection:
        assert connection.execute(select(removed_sources)).all() == []


def test_old_videos_expire_as_if_removed(api: Api) -> None:
    old = analysed(api)
    api.clock.wait(5 * DAY_S, Event())
    young = analysed(api)
    retention(api, videos=timedelta(days=3)).turn()
    assert api.client.get(f"/api/v1/videos/{old}").status_code == 404
    assert api.client.get(f"/api/v1/videos/{young}").status_code == 200
    assert not [key for key in keys(api) if str(old) in key]


@pytest.mark.parametrize(
    ("field", "gone"),
    [
        ("scores", {"score_blocks"}),
        ("maxima", {"score_hours", "alerts", "deliveries", "incidents"}),
    ],
)
def test_rows_are_kept_as_long_as_is_said(api: Api, field: str, gone: set[str]) -> None:
    analysed(api)
    api.clock.step(DAY_S)
    retention(api, **{field: timedelta(days=60)}).turn()
    before = set(rows(api))
    assert gone <= before
    retention(api, **{field: timedelta(days=10)}).turn()
    assert set(rows(api)) == before - gone


def test_old_evidence_goes_and_its_alert_stays(api: Api) -> None:
    analysed(api)
    api.clock.step(timedelta(days=11).total_seconds())
    duty = retention(api, evidence=timedelta(days=10))
    duty.turn()
    duty.turn()
    assert not [key for key in keys(api) if key.startswith("alerts/")]
    assert rows(api)["alerts"] == 1
