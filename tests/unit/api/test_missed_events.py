"""Missed events: reported, told to calibration, taken back, and gone with their source."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.alerts import AlertClosed
from schemas.reviews import EventMissed
from schemas.topics import REVIEWS
from services.api.config import Keeping
from services.api.retention import Retention
from tests.unit.api.builders import CAMERA, START, alert, at, configured, head, scored
from tests.unit.api.conftest import Api

URL = "/api/v1/missed-events"
RAISED = alert(AlertClosed, source_id=CAMERA, source_kind="camera", start_s=300.0, end_s=310.0)
DAY = timedelta(days=1)


@pytest.fixture
def shop(api: Api) -> Api:
    """A camera with an alert, whose theft head was nearly sure in the fourth clip."""
    api.project(configured(), RAISED)
    levels = 0.1, 0.2, 0.3, 0.7, 0.2
    for index, level in enumerate(levels):
        of_clip = head("theft", level), head("fight", 0.95)
        api.project(scored(index, source_id=CAMERA, heads=of_clip))
    return api


def entry(**fields: Any) -> dict[str, Any]:
    content = {"source_id": CAMERA, "since": START, "until": at(5.0), "label": "theft"} | fields
    return {name: str(value) for name, value in content.items()}


def told(api: Api) -> list[EventMissed]:
    return [each for each in api.publisher.messages(REVIEWS) if isinstance(each, EventMissed)]


def test_a_missed_event_is_shown_listed_and_told_with_what_its_own_head_gave_it(shop: Api) -> None:
    made = shop.client.post(URL, json=entry(note="into the bag"))
    assert made.status_code == 201
    view = made.json()
    assert (view["label"], view["note"], view["source_name"]) == ("theft", "into the bag", "Till 1")
    assert shop.client.get(made.headers["Location"]).json() == view
    assert shop.client.get(URL, params={"label": "theft"}).json()["items"] == [view]
    assert shop.client.get(URL, params={"label": "fight"}).json()["items"] == []
    (message,) = told(shop)
    assert message.source_id == CAMERA
    (level,) = message.levels
    assert (level.run, level.model_id) == ("live", "linear-theft")
    assert level.level == pytest.approx(0.7)


def test_what_is_taken_back_is_told_once_more_and_gone(shop: Api) -> None:
    made = shop.client.post(URL, json=entry())
    place = made.headers["Location"]
    assert shop.client.delete(place).status_code == 204
    assert shop.client.get(place).status_code == 404
    assert shop.client.delete(place).status_code == 404
    assert [message.is_withdrawn for message in told(shop)] == [False, True]
    assert told(shop)[1].reported_at == shop.clock.now()


@pytest.mark.parametrize("fields", [{"label": "normal"}, {"alert_id": RAISED.alert_id}])
def test_quiet_moments_and_corrections_are_training_data_only(
    shop: Api, fields: dict[str, Any]
) -> None:
    made = shop.client.post(URL, json=entry(**fields))
    assert made.status_code == 201
    assert shop.client.delete(made.headers["Location"]).status_code == 204
    assert [message.is_withdrawn for message in told(shop)] in ([], [True])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"until": START}, 422),
        ({"until": START + timedelta(hours=2)}, 422),
        ({"label": " "}, 422),
        ({"since": START + 60 * DAY, "until": START + 60 * DAY + timedelta(seconds=1)}, 422),
        ({"source_id": RAISED.alert_id}, 404),
        ({"alert_id": CAMERA}, 404),
    ],
)
def test_what_cannot_have_been_is_refused(shop: Api, fields: dict[str, Any], status: int) -> None:
    assert shop.client.post(URL, json=entry(**fields)).status_code == status
    assert told(shop) == []


def test_marks_are_kept_as_long_as_evidence_and_go_with_their_source(shop: Api) -> None:
    shop.client.post(URL, json=entry())
    shop.clock.step((START + timedelta(days=400) - shop.clock.now()).total_seconds())
    keeping = Keeping(DAY, DAY, DAY, DAY, DAY)
    Retention(shop.engine, shop.tools.removal, shop.clock, keeping).turn()
    assert shop.client.get(URL).json()["items"] == []
    shop.client.post(URL, json=entry())
    shop.tools.removal.remove(CAMERA, shop.clock.now())
    assert shop.client.get(URL).json()["items"] == []
