"""Calibrations: a projection of their topic, by camera and by store, for whoever may see them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.alerts import AlertOpened
from schemas.calibrations import LearnedDay, ModelCalibration, SourceCalibrated, VerdictTaken
from schemas.topics import CALIBRATIONS
from services.chassis.streaming.records import Incoming, Partition, Record
from tests.unit.api.builders import CAMERA, VIDEO, alert, at, configured, scores, video_id
from tests.unit.api.conftest import Api
from tests.unit.api.test_removal import retention, rows

MODEL = "linear-fight"
FIRST = date(2026, 4, 20)
OF_CALIBRATIONS = {"calibrations", "calibration_days"}


def model(count: int = 3, **more: Any) -> ModelCalibration:
    content = {
        "run": "live",
        "model_id": MODEL,
        "rule": "fight",
        "label": "Possible fight",
        "budget_per_day": 1.0,
        "entered": 0.75,
        "by_days": 0.78,
        "in_force": 0.8,
        "furthest": 0.875,
        "since": FIRST,
        "days": [
            LearnedDay(day=FIRST + timedelta(days=n), level=0.7, usual=0.3, alarms=n, mark=0.75)
            for n in range(count)
        ],
        "verdicts": [
            VerdictTaken(subject_id=UUID(int=3), kind="false", peak=0.81, reviewed_at=at(0))
        ],
    }
    return ModelCalibration.model_validate(content | more)


def calibrated(
    *models: ModelCalibration, after_s: float = 0, source: UUID = CAMERA
) -> SourceCalibrated:
    return SourceCalibrated(source_id=source, models=models, changed_at=at(after_s))


def of_camera(api: Api, **query: Any) -> dict[str, Any]:
    answer = api.client.get(f"/api/v1/cameras/{CAMERA}/calibration", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = api.client.get("/api/v1/calibrations", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_camera_of_which_nothing_was_learned(api: Api) -> None:
    api.project(configured())
    assert of_camera(api)["models"] == []
    assert listed(api) == []


def test_marks_days_and_verdicts_are_shown_as_they_were_told(api: Api) -> None:
    api.project(configured(), calibrated(model()))
    view = of_camera(api)
    [found] = view["models"]
    assert (view["source"], view["source_id"]) == ("Till 1", str(CAMERA))
    assert (found["entered"], found["by_days"], found["in_force"]) == (0.75, 0.78, 0.8)
    assert [day["alarms"] for day in found["days"]] == [0, 1, 2]
    assert [taken["kind"] for taken in found["verdicts"]] == ["false"]
    [row] = listed(api)
    assert (row["false_alarms"], row["true_alarms"], row["drift"]) == (1, 0, None)


def test_the_latest_message_counts_and_days_stay(api: Api) -> None:
    later = model(1, since=FIRST, in_force=0.78, verdicts=[])
    messages = calibrated(model()), calibrated(later, after_s=60)
    for _ in range(2):  # a topic that is read again
        api.project(configured(), *messages)
    [found] = of_camera(api)["models"]
    assert found["in_force"] == 0.78
    assert found["verdicts"] == []
    assert len(found["days"]) == 3


def test_a_model_that_judges_no_more_is_not_shown(api: Api) -> None:
    api.project(configured(), calibrated(model(), model(model_id="linear-fall", rule="fall")))
    assert len(listed(api)) == 2
    api.project(calibrated(model(0, model_id="linear-new"), after_s=60))
    assert [row["model_id"] for row in listed(api)] == ["linear-new"]
    api.project(calibrated(after_s=90))
    assert listed(api) == []


def test_days_are_asked_for_by_their_number(api: Api) -> None:
    api.project(configured(), calibrated(model()))
    age = (api.clock.now().date() - FIRST).days
    assert len(of_camera(api, days=age - 1)["models"][0]["days"]) == 2


def test_alarms_of_late_are_counted_by_model(api: Api) -> None:
    api.project(configured(), *scores(2, source_id=CAMERA), calibrated(model()))
    of = {"source_id": CAMERA, "source_kind": "camera", "origin_at": api.clock.now()}
    api.project(alert(AlertOpened, **of), alert(AlertOpened, opening=9, alert_id=VIDEO, **of))
    [row] = listed(api)
    assert (row["alarms_of_late"], row["alarms_a_day"]) == (2, pytest.approx(0.29))


def test_pages_are_of_whole_cameras(api: Api) -> None:
    for name in ("a", "b", "c"):
        own = {"source_id": video_id(name)}
        api.project(configured(name, **own))
        api.project(calibrated(model(), model(model_id="linear-fall"), source=own["source_id"]))
    first = api.client.get("/api/v1/calibrations", params={"limit": 2}).json()
    second = api.client.get(
        "/api/v1/calibrations", params={"limit": 2, "cursor": first["next"]}
    ).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (4, 2, None)
    names = {item["source"] for page in (first, second) for item in page["items"]}
    assert names == {"a", "b", "c"}


def test_only_those_that_drift(api: Api) -> None:
    api.project(configured(), calibrated(model()))
    assert listed(api, drifting=True) == []
    api.project(calibrated(model(drift="scene", drift_since=FIRST), after_s=60))
    assert [row["drift"] for row in listed(api, drifting=True)] == ["scene"]


def test_an_upload_has_no_calibration(api: Api) -> None:
    api.project(*scores(2))
    assert api.client.get(f"/api/v1/cameras/{VIDEO}/calibration").status_code == 404


def test_it_goes_with_its_camera(api: Api) -> None:
    api.project(configured(), calibrated(model()))
    assert api.client.delete(f"/api/v1/cameras/{CAMERA}").status_code in (202, 204)
    retention(api).turn()
    assert not OF_CALIBRATIONS & rows(api).keys()
    api.project(calibrated(model(), after_s=99))
    assert not OF_CALIBRATIONS & rows(api).keys()


def test_a_tombstone_of_its_own_topic_removes_no_camera(api: Api) -> None:
    api.project(configured())
    record = Record(Partition(CALIBRATIONS.name, 0), 0, str(CAMERA).encode(), None, {})
    api.take(Incoming(record, None))
    assert of_camera(api)["source_id"] == str(CAMERA)


def test_old_days_go(api: Api) -> None:
    long_ago = date(2020, 1, 1)
    old = LearnedDay(day=long_ago, level=0.7, usual=0.3, alarms=1, mark=0.75)
    api.project(configured(), calibrated(model(days=[old])))
    retention(api).turn()
    assert of_camera(api, days=400)["models"][0]["days"] == []
    assert rows(api)["calibration_days"] == 1
    retention(api, maxima=timedelta(days=400)).turn()
    assert "calibration_days" not in rows(api)
