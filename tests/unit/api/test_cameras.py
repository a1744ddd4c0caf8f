"""Cameras over HTTP: added, changed, paused, removed, and told to the topic."""

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from schemas.clips import ClipSpec, Grid
from schemas.sources import SourceConfigured
from schemas.topics import POLICIES, SOURCES
from services.chassis.addresses import Credentials
from services.chassis.errors import TransientError
from services.chassis.sealing import Sealing
from services.chassis.streaming.publisher import MemoryPublisher
from tests.unit.api.builders import health, scores, segment
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.test_removal import rows

KEY = "correct horse battery staple"
ADDRESS = "rtsp://192.168.1.20/stream2"
SQUARE = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key=KEY)


def add(api: Api, **fields: Any) -> dict[str, Any]:
    body = {"name": "Till 1", "address": ADDRESS} | fields
    answer = api.client.post("/api/v1/cameras", json=body)
    assert answer.status_code == 201, answer.text
    camera: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/cameras/{camera['source_id']}"
    return camera


def change(api: Api, camera: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = api.client.patch(f"/api/v1/cameras/{camera['source_id']}", json=fields)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


def shown(api: Api, camera: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get(f"/api/v1/cameras/{camera['source_id']}").json()
    return found


def told(api: Api) -> list[SourceConfigured]:
    messages = api.publisher.messages(SOURCES)
    return [message for message in messages if isinstance(message, SourceConfigured)]


def opened(message: SourceConfigured) -> Credentials:
    return Sealing(SecretStr(KEY)).open(message.credentials)


def test_a_camera_that_is_added_is_told_and_listed(api: Api) -> None:
    camera = add(api, masks=[SQUARE], zones=[{"name": "till", "polygon": SQUARE}], motion_gate=True)
    (message,) = told(api)
    assert str(message.source_id) == camera["source_id"]
    assert (message.name, message.address, message.source_kind) == ("Till 1", ADDRESS, "camera")
    assert message.configured_at == NOW
    assert message.origin_at == Grid.begun(message.source_id, NOW, ClipSpec()).origin_at
    assert message.camera is not None
    assert (len(message.camera.masks), message.camera.motion_gate) == (1, True)
    assert (camera["state"], camera["is_announced"]) == ("starting", True)
    assert api.client.get("/api/v1/cameras").json()["items"] == [camera]
    sources = api.client.get("/api/v1/sources?kind=camera").json()["items"]
    assert [source["name"] for source in sources] == ["Till 1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "rtsp://admin:p@ss:w#rd@192.168.1.20/stream2"},
        {"username": "admin", "password": "p@ss:w#rd"},
        {"address": "rtsp://admin@192.168.1.20/stream2", "password": "p@ss:w#rd"},
    ],
)
def test_credentials_are_sealed_and_never_answered(keyed: Api, fields: dict[str, str]) -> None:
    camera = add(keyed, **fields)
    assert camera["has_credentials"] is True
    assert (camera["address"], camera["record_address"]) == (ADDRESS, None)
    (message,) = told(keyed)
    assert opened(message) == Credentials("admin", "p@ss:w#rd")
    for text in (str(camera), keyed.client.get("/api/v1/cameras").text, repr(message)):
        assert "w#rd" not in text
        assert "admin" not in text


def test_without_a_key_no_password_is_taken(api: Api) -> None:
    body = {"name": "a", "address": "rtsp://u:secret@10.0.0.9/"}
    answer = api.client.post("/api/v1/cameras", json=body)
    assert answer.status_code == 422
    assert "NIGHTCLERK_SECRET_KEY" in answer.json()["detail"]
    assert rows(api) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "rtsp://169.254.169.254/"},
        {"address": "file:///etc/passwd"},
        {"address": "gopher://10.0.0.9/"},
        {"address": ""},
        {"name": " "},
        {"name": "x" * 300},
        {"spec": {"frames": 8}},
        {"spec": {"hop": 17}},
        {"spec": {"frame_rate": 0}},
        {"masks": [[[0.1, 0.1], [0.4, 0.1]]]},
        {"masks": [[[0.1, 0.1], [0.4, 0.1], [0.4, 1.1]]]},
        {"zones": [{"name": "a", "polygon": SQUARE}] * 2},
        {"transport": "pigeon"},
        {"adress": "rtsp://10.0.0.9/"},
        {"record_address": "rtsp://root:other@192.168.1.20/"},
    ],
)
def test_what_cannot_be_watched_is_refused_with_a_sentence(
    keyed: Api, fields: dict[str, Any]
) -> None:
    body = {"name": "a", "address": ADDRESS} | fields
    answer = keyed.client.post("/api/v1/cameras", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].endswith(".")
    assert told(keyed) == []


def test_another_address_keeps_id_grid_and_history(api: Api) -> None:
    camera = add(api)
    api.project(*scores(3, source_id=UUID(camera["source_id"]), source_kind="camera"))
    api.clock.wait(60, Event())
    after = change(api, camera, address="rtsp://192.168.1.21/a", name="Till 2", is_paused=True)
    assert (after["source_id"], after["origin_at"]) == (camera["source_id"], camera["origin_at"])
    assert (after["name"], after["state"]) == ("Till 2", "paused")
    assert told(api)[-1].address == "rtsp://192.168.1.21/a"
    timeline = api.client.get(f"/api/v1/sources/{camera['source_id']}/timeline").json()
    assert len(timeline["clips"]) == 3


def test_another_clip_spec_begins_another_grid(api: Api) -> None:
    camera = add(api)
    api.clock.wait(60, Event())
    same = change(api, camera, spec=camera["spec"])
    assert same["origin_at"] == camera["origin_at"]
    after = change(api, camera, spec={"frames": 16, "frame_rate": 8, "hop": 16})
    (*_, message) = told(api)
    grid = Grid.begun(message.source_id, message.configured_at, message.spec)
    assert (grid.origin_at, grid.spec.frame_rate) == (message.origin_at, 8)
    assert after["origin_at"] != camera["origin_at"]


def test_credentials_stay_with_their_host(keyed: Api) -> None:
    camera = add(keyed, username="admin", password="secret")
    assert change(keyed, camera, address="rtsp://192.168.1.20/other")["has_credentials"] is True
    assert change(keyed, camera, password="new")["has_credentials"] is True
    assert opened(told(keyed)[-1]) == Credentials("admin", "new")
    moved = change(keyed, camera, address="rtsp://192.168.1.66/other")
    assert moved["has_credentials"] is False
    change(keyed, camera, address="rtsp://u:v@192.168.1.67/")
    assert opened(told(keyed)[-1]) == Credentials("u", "v")
    assert change(keyed, camera, username=None, password=None)["has_credentials"] is False


def test_a_second_stream_to_record_can_be_named_and_taken_away(keyed: Api) -> None:
    camera = add(keyed, address="rtsp://u:v@10.0.0.9/2", record_address="rtsp://u:v@10.0.0.9/1")
    assert camera["record_address"] == "rtsp://10.0.0.9/1"
    assert change(keyed, camera, record_address=None)["record_address"] is None


def test_a_change_of_nothing_known_is_a_problem(api: Api) -> None:
    assert api.client.patch(f"/api/v1/cameras/{uuid4()}", json={}).status_code == 404
    assert api.client.get(f"/api/v1/cameras/{uuid4()}").status_code == 404
    assert api.client.delete(f"/api/v1/cameras/{uuid4()}").status_code == 404


class Halting(MemoryPublisher):
    is_away = False

    def publish(self, *outgoing: Any) -> None:
        if self.is_away:
            raise TransientError("Kafka is away")
        super().publish(*outgoing)


def test_while_kafka_is_away_it_says_so_and_tells_it_afterwards(
    make_api: Callable[..., Api],
) -> None:
    publisher = Halting()
    api = make_api(publisher=publisher)
    publisher.is_away = True
    camera = add(api)
    assert (camera["is_announced"], camera["state"]) == (False, "starting")
    assert "Kafka" in camera["reason"]
    change(api, camera, name="Till 2")
    publisher.is_away = False
    api.tools.announce()
    assert [message.name for message in told(api)] == ["Till 2"]
    assert shown(api, camera)["is_announced"] is True
    api.tools.announce()
    assert len(told(api)) == 1


class Interrupted(MemoryPublisher):
    """Something else happens between the telling of a camera and the note that it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def flush(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()


def test_what_lies_last_on_the_topic_is_what_the_tables_have(
    make_api: Callable[..., Api],
) -> None:
    publisher = Interrupted()
    api = make_api(publisher=publisher)
    camera = add(api)
    with api.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cameras SET announced_at = NULL")
    publisher.meanwhile = lambda: _renamed(api)
    api.tools.announce()
    api.tools.announce()
    assert told(api)[-1].name == "Till 9"
    assert shown(api, camera)["is_announced"] is True


def _renamed(api: Api) -> None:
    """As another instance does it, which tells nobody yet."""
    with api.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sources SET name = 'Till 9'")
        connection.exec_driver_sql("UPDATE cameras SET changed_at = '2027-01-01 00:00:00.000000'")


def test_a_camera_removed_while_it_was_told_does_not_come_back(
    make_api: Callable[..., Api],
) -> None:
    publisher = Interrupted()
    api = make_api(publisher=publisher)
    camera = add(api)
    with api.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cameras SET announced_at = NULL")

    def removed() -> None:
        with api.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE sources SET is_being_removed = TRUE")

    publisher.meanwhile = removed
    api.tools.announce()
    assert api.publisher.published[-1].message is None
    assert api.publisher.published[-1].key == camera["source_id"]


def test_a_removed_camera_is_gone_everywhere(api: Api) -> None:
    camera = add(api)
    source = UUID(camera["source_id"])
    api.project(
        *scores(3, source_id=source), health(source_id=source), segment(0, source_id=source)
    )
    api.put(f"recordings/{source}/a.mp4")
    assert api.client.delete(f"/api/v1/cameras/{source}").status_code == 204
    assert api.client.delete(f"/api/v1/cameras/{source}").status_code == 204
    assert rows(api) == {"removed_sources": 1}
    assert list(api.store.list("")) == []
    gone = [(item.topic, item.key) for item in api.publisher.published if item.message is None]
    assert gone[:2] == [(SOURCES, str(source)), (POLICIES, str(source))]
    assert api.client.get("/api/v1/cameras").json()["items"] == []


def test_videos_and_cameras_are_not_removed_by_one_anothers_names(api: Api) -> None:
    camera = add(api)
    assert api.client.delete(f"/api/v1/videos/{camera['source_id']}").status_code == 404
    assert shown(api, camera)["name"] == "Till 1"


def test_the_list_goes_on_by_cursor(api: Api) -> None:
    names = []
    for number in range(5):
        api.clock.wait(1, Event())
        names.append(add(api, name=f"Till {number}")["name"])
    page = api.client.get("/api/v1/cameras?limit=3").json()
    rest = api.client.get("/api/v1/cameras", params={"cursor": page["next"]}).json()
    assert [one["name"] for one in page["items"] + rest["items"]] == names[::-1]
    assert rest["next"] is None


def test_its_state_says_how_it_is_why_and_since_when(api: Api) -> None:
    camera = add(api)
    source, origin = UUID(camera["source_id"]), NOW
    of = {"source_id": source, "source_kind": "camera", "origin_at": origin}
    assert shown(api, camera)["state"] == "starting"
    api.project(*scores(3, **of))
    online = shown(api, camera)
    assert (online["state"], online["last_score"]) == ("online", 0.14)
    assert online["last_clip_at"] is not None
    api.project(health("offline", 9, 9, detail="It refuses the connection.", **of))
    offline = shown(api, camera)
    assert (offline["state"], offline["reason"]) == ("offline", "It refuses the connection.")
    assert offline["since"] == "2026-06-01T00:00:09Z"
    assert [one["condition"] for one in offline["conditions"]] == ["offline"]
    api.project(health("offline", 9, 20, is_over=True, **of))
    assert shown(api, camera)["state"] == "online"
    api.clock.wait(120, Event())
    silent = shown(api, camera)
    assert (silent["state"], silent["reason"][:9]) == ("offline", "No scores")
    api.project(health("still", 140, 140, **of))
    assert shown(api, camera)["state"] == "online"
    assert change(api, camera, is_paused=True)["state"] == "paused"
    api.project(health("still", 140, 150, is_over=True, **of))
    assert change(api, camera, is_paused=False)["state"] == "starting"
