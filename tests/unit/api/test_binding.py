"""People bound to some stores see nothing of the others: by no list, file, link or socket."""

import contextlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from schemas.alerts import AlertClosed
from schemas.ids import evidence_key, manifest_key, montage_key, snapshot_key
from services.api.access import rules, sessions, users
from services.api.access.users import NewUser
from services.api.config import COOKIE
from tests.unit.api.builders import alert, delivered, health, scores, segment
from tests.unit.api.conftest import Api
from tests.unit.api.people import browser, person, store
from tests.unit.api.test_events import put
from tests.unit.api.test_uploads import MP4
from tests.waiting import wait_until

HOST = {"Host": "127.0.0.1:8080"}
SPAN = "from=2026-05-01T22:00:00Z&to=2026-05-01T22:00:30Z"


class World:
    """Two stores with a camera, a video and an alert each, and somebody bound to one of them."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.mine, self.other = store(api), store(api)
        self.things = {place: self._fill(place) for place in (self.mine, self.other)}
        self.user = person(api, "manager", store_ids=frozenset({self.mine}))
        self.client = browser(api, self.user)

    def _fill(self, place: UUID) -> dict[str, str]:
        entry = {"name": "Till", "address": "push://", "store_id": str(place)}
        camera = self.api.client.post("/api/v1/cameras", json=entry).json()["source_id"]
        query = {"store_id": str(place)}
        video = self.api.client.post("/api/v1/videos", content=MP4, params=query).json()["video_id"]
        found = alert(AlertClosed, source_id=UUID(video), opening=place.int % 1000)
        self.api.project(
            *scores(3, source_id=UUID(video)),
            *scores(3, source_id=UUID(camera)),
            found,
            delivered(alert_id=found.alert_id, source_id=UUID(video)),
            health(source_id=UUID(camera)),
            segment(0, source_id=UUID(camera)),
        )
        for key in (evidence_key, snapshot_key, montage_key, manifest_key):
            self.api.put(key(found.alert_id))
        return {"camera": camera, "video": video, "alert": str(found.alert_id)}

    def status(self, path: str, place: UUID) -> int:
        return self.client.get(f"/api/v1/{path.format(**self.things[place])}").status_code


@pytest.fixture
def world(api: Api) -> World:
    return World(api)


FILES = (
    "cameras/{camera}",
    "sources/{camera}",
    "sources/{camera}/timeline",
    "sources/{camera}/conditions",
    "sources/{camera}/recordings",
    "videos/{video}",
    "videos/{video}/media",
    "alerts/{alert}",
    "alerts/{alert}/snapshot",
    "alerts/{alert}/evidence",
    "alerts/{alert}/montage",
)
ON_DEMAND = ("videos/{video}/frame", "alerts/{alert}/pack", f"sources/{{camera}}/media?{SPAN}")


def test_what_is_of_their_store_is_theirs_and_nothing_else_is_there(world: World) -> None:
    for path in FILES:
        statuses = world.status(path, world.mine), world.status(path, world.other)
        assert statuses == (200, 404), path


def test_what_is_made_on_demand_is_not_even_begun(world: World) -> None:
    for path in ON_DEMAND:
        assert world.status(path, world.other) == 404, path


LISTS = (
    ("cameras", "source_id", "camera"),
    ("videos", "video_id", "video"),
    ("alerts", "alert_id", "alert"),
)


def test_lists_hold_theirs_alone(world: World) -> None:
    for path, name, thing in LISTS:
        items = world.client.get(f"/api/v1/{path}").json()["items"]
        assert [item[name] for item in items] == [world.things[world.mine][thing]]
        query = {"store_id": str(world.other)}
        if path != "videos":
            assert world.client.get(f"/api/v1/{path}", params=query).json()["items"] == []
    query = {"source_id": world.things[world.other]["video"]}
    assert world.client.get("/api/v1/alerts", params=query).json()["items"] == []


def test_nothing_of_another_store_is_changed_or_removed(world: World) -> None:
    other = world.things[world.other]
    for method, path, body in (
        ("PATCH", f"cameras/{other['camera']}", {"name": "mine now"}),
        ("DELETE", f"cameras/{other['camera']}", None),
        ("DELETE", f"videos/{other['video']}", None),
        ("PATCH", f"alerts/{other['alert']}", {"held": True}),
    ):
        answer = world.client.request(method, f"/api/v1/{path}", json=body)
        assert answer.status_code == 404, path


def socket(client: TestClient, path: str) -> Any:
    """The test client would name a host of its own, for which it has no cookie."""
    headers = HOST | {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    return client.websocket_connect(f"/api/v1/{path}", headers=headers)


def test_sockets_of_another_stores_camera_do_not_open(world: World) -> None:
    for path in ("sources/{camera}/live", "cameras/{camera}/push"):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            socket(world.client, path.format(**world.things[world.other])),
        ):
            pass
        assert refused.value.status_code == 404
        with socket(world.client, path.format(**world.things[world.mine])):
            pass


def test_the_wall_shows_their_cameras_even_where_others_are_named(world: World) -> None:
    named = [world.things[place]["camera"] for place in (world.mine, world.other)]
    query = "&".join(f"source_id={name}" for name in named)
    hub = world.api.tools.live._hub
    for path in ("live", f"live?{query}"):
        with socket(world.client, path):
            wait_until(lambda: hub.is_watched(named[0]))
            assert not hub.is_watched(named[1])


def deactivate(world: World) -> None:
    fields = {"is_active": False}
    with world.api.engine.begin() as connection:
        users.change(connection, world.user.user_id, fields, world.api.clock.now())


def log_out(world: World) -> None:
    with world.api.engine.begin() as connection:
        sessions.revoke(connection, world.user.user_id, None)


def bind_elsewhere(world: World) -> None:
    with world.api.engine.begin() as connection:
        users.bind(connection, world.user.user_id, frozenset({world.other}))


def lose_the_right(world: World) -> None:
    """To upload alone."""
    with world.api.engine.begin() as connection:
        users.change(connection, world.user.user_id, {"role": "viewer"}, world.api.clock.now())


def demand_a_second_factor(world: World) -> None:
    """They may do nothing before they have one."""
    with world.api.engine.begin() as connection:
        fields = {"role": "owner", "sees_all_stores": True}
        users.change(connection, world.user.user_id, fields, world.api.clock.now())
        rules.change(connection, world.user.tenant_id, owners_need_second_factor=True)


SOCKETS = ("sources/{camera}/live", "live", "cameras/{camera}/push")
ENDS: tuple[tuple[Callable[[World], None], tuple[str, ...]], ...] = (
    (deactivate, SOCKETS),
    (log_out, SOCKETS),
    (bind_elsewhere, SOCKETS),
    (demand_a_second_factor, SOCKETS),
    (lose_the_right, ("cameras/{camera}/push",)),
)


@pytest.mark.parametrize(("change", "paths"), ENDS)
def test_open_sockets_end_within_seconds_when_they_are_shut_out(
    world: World, change: Callable[[World], None], paths: tuple[str, ...]
) -> None:
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(socket(world.client, path.format(**world.things[world.mine])))
            for path in paths
        ]
        change(world)
        for each in opened:
            while (message := each.receive())["type"] == "websocket.send":
                pass
            assert (message["type"], message["code"]) == ("websocket.close", 1008)


def test_a_viewer_keeps_the_live_socket_when_the_right_to_upload_goes(world: World) -> None:
    camera = world.things[world.mine]["camera"]
    hub = world.api.tools.live._hub
    with socket(world.client, f"sources/{camera}/live") as opened:
        with socket(world.client, f"cameras/{camera}/push") as push:
            lose_the_right(world)
            while push.receive()["type"] == "websocket.send":
                pass
        assert hub.is_watched(camera)
        opened.close()


def test_a_camera_that_is_gone_ends_its_socket(world: World) -> None:
    camera = world.things[world.mine]["camera"]
    with socket(world.client, f"sources/{camera}/live") as opened:
        assert world.client.delete(f"/api/v1/cameras/{camera}").status_code == 204
        while (message := opened.receive())["type"] == "websocket.send":
            pass
        assert message["type"] == "websocket.close"


def test_files_that_were_open_to_them_are_not_any_more(world: World) -> None:
    bind_elsewhere(world)
    for path in (*FILES, *ON_DEMAND):
        assert world.status(path, world.mine) == 404, path
    deactivate(world)
    assert {world.status(path, world.mine) for path in FILES} == {401}


@pytest.mark.parametrize("change", [deactivate, log_out, demand_a_second_factor])
def test_an_event_stream_ends_when_they_are_shut_out(
    world: World, change: Callable[[World], None]
) -> None:
    with socket(world.client, "events/socket") as opened:
        assert opened.receive_json()["event"] == "ready"
        change(world)
        while (message := opened.receive())["type"] == "websocket.send":
            pass
        assert (message["type"], message["code"]) == ("websocket.close", 1008)


def test_an_event_stream_goes_on_with_what_is_theirs_now(world: World) -> None:
    camera = UUID(world.things[world.other]["camera"])
    with socket(world.client, "events/socket?kind=alerts") as opened:
        assert opened.receive_json()["event"] == "ready"
        bind_elsewhere(world)
        world.api.tools.admission.settle()
        put(world.api.broker, alert(AlertClosed, source_id=camera, source_kind="camera"))
        while (heard := opened.receive_json())["event"] == "heartbeat":
            pass
        assert heard["data"]["source_id"] == str(camera)


def test_a_new_user_without_stores_sees_nothing(world: World) -> None:
    nobody: NewUser = person(world.api, "viewer", store_ids=frozenset())
    client = browser(world.api, nobody)
    for path in ("cameras", "videos", "sources", "alerts", "stores"):
        assert client.get(f"/api/v1/{path}").json()["items"] == []
