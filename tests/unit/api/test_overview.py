"""The overview: stores, cameras, the alerts of a day, review, models, lag; of one's own stores."""

from datetime import timedelta

from schemas.alerts import AlertClosed, AlertOpened
from schemas.ids import DEFAULT_TENANT
from schemas.policies import PRESENCE
from tests.unit.api.builders import CAMERA, alert, configured, health, scored
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.people import browser, person, store

PATH = "/api/v1/overview"


def watch(api: Api, **fields: object) -> None:
    """A camera that was watched until now."""
    origin = NOW - timedelta(hours=5)
    api.project(configured(configured_at=origin, origin_at=origin, **fields))
    api.project(scored(1, source_id=CAMERA, source_kind="camera", origin_at=origin))


def test_an_empty_house_has_its_store_and_no_lag(api: Api) -> None:
    said = api.client.get(PATH).json()
    assert [each["name"] for each in said["stores"]] == ["Main store"]
    assert (said["lag_s"], said["waiting"], said["models"]) == (None, 0, [])
    assert [each["works"] for each in said["parts"]] == [True]


def test_alerts_are_counted_by_hour_store_and_state(api: Api) -> None:
    watch(api)
    for opening, minutes in ((2, 5), (9, 130), (20, 1500)):
        at = NOW - timedelta(minutes=minutes)
        opened = alert(
            AlertOpened,
            opening=opening,
            source_id=CAMERA,
            source_kind="camera",
            origin_at=at,
            start_s=0.0,
            severity="critical",
        )
        api.project(opened)
    said = api.client.get(PATH).json()
    hours = [each["critical"] for each in said["hours"]]
    assert len(hours) == 24
    assert (hours[-1], hours[-2], hours[-4], sum(hours)) == (0, 1, 1, 2)
    assert said["stores"][0]["alerts"] == 2
    assert (said["open_alerts"], said["waiting"]) == (3, 3)


def test_cameras_in_trouble_and_models_are_named(api: Api) -> None:
    watch(api)
    api.project(health("offline", detail="The camera refuses the connection."))
    said = api.client.get(PATH).json()
    assert said["stores"][0]["offline"] == 1
    assert [each["name"] for each in said["troubled"]] == ["Till 1"]
    assert [(each["model_id"], each["sources"]) for each in said["models"]] == [("linear-fight", 1)]


def test_it_is_of_ones_own_stores(api: Api) -> None:
    watch(api)
    elsewhere = store(api, DEFAULT_TENANT, "Harbour")
    bound = browser(api, person(api, "operator", store_ids=frozenset({elsewhere})))
    said = bound.get(PATH).json()
    assert [each["name"] for each in said["stores"]] == ["Harbour"]
    assert said["models"] == []
    assert sum(each["online"] + each["offline"] for each in said["stores"]) == 0


def test_alerts_are_found_by_their_score(api: Api) -> None:
    watch(api)
    of_camera = {"source_id": CAMERA, "source_kind": "camera"}
    for opening, peak in ((2, 0.7), (50, 0.9)):
        api.project(alert(AlertOpened, peak, opening, **of_camera))
    present = alert(AlertOpened, None, 90, model_id=PRESENCE, **of_camera)
    api.project(present, alert(AlertClosed, None, 90, model_id=PRESENCE, **of_camera))

    def peaks(**query: float) -> list[float | None]:
        found = api.client.get("/api/v1/alerts", params=query).json()["items"]
        return [each["peak_score"] for each in found]

    assert peaks() == [None, 0.9, 0.7]
    assert peaks(min_score=0.8) == [0.9]
    assert peaks(min_score=0) == [0.9, 0.7]
