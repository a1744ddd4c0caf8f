"""A chain with one thing of each kind, and all who may ask for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select, update
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from schemas.alerts import AlertOpened
from schemas.ids import DEFAULT_TENANT, evidence_key
from services.api.access import keys, stores, tenants
from services.api.access.keys import NewKey
from services.api.albums import queries as albums
from services.api.albums.views import AlbumEntry, AlbumItemEntry
from services.api.auth import authenticated
from services.api.erasure.views import ErasureEntry
from services.api.keeping.holding import hold_stretch
from services.api.keeping.views import HoldEntry
from services.api.learning import marking
from services.api.learning.views import MissedEventEntry
from services.api.principal import RIGHTS, Actor, Principal, Right
from services.api.queries.sources import source_row
from services.api.tables import sources
from tests.unit.api.builders import CAMERA, alert, configured
from tests.unit.api.conftest import Api
from tests.unit.api.detectors import MODELS, files, zipped
from tests.unit.api.letters import collect, letter
from tests.unit.api.matrix import MISSED, REPLAY, TARGET, Entry, Need
from tests.unit.api.people import a_store, invitation, person
from tests.unit.api.test_uploads import MP4

STORE, NEXT_STORE, TENANT = UUID(int=101), UUID(int=102), DEFAULT_TENANT
OTHER_TENANT = UUID(int=2)
USER, MACHINE = UUID(int=7), Principal()


def user(rights: frozenset[Right], **fields: Any) -> Principal:
    actor = Actor("user", USER, "someone@example.org")
    return Principal(**({"tenant_id": TENANT, "rights": rights, "actor": actor} | fields))


def key(right: Right) -> Principal:
    return user(frozenset({right}), actor=Actor("key", UUID(int=8), "dashboard"))


ASKING: dict[str, Principal | None] = {
    "owner": user(RIGHTS["owner"]),
    "manager": user(RIGHTS["manager"]),
    "operator": user(RIGHTS["operator"]),
    "viewer": user(RIGHTS["viewer"]),
    "viewer of this store": user(RIGHTS["viewer"], store_ids=frozenset({STORE})),
    "manager of the next store": user(RIGHTS["manager"], store_ids=frozenset({NEXT_STORE})),
    "key that views": key("view"),
    "key that reviews": key("review"),
    "key that uploads": key("upload"),
    "key that configures": key("configure"),
    "owner of another chain": user(
        RIGHTS["owner"], tenant_id=OTHER_TENANT, actor=Actor("user", UUID(int=9), "b@example.org")
    ),
    "machine": MACHINE,
    "nobody": None,
}
FOREIGN = ("manager of the next store", "owner of another chain")


@dataclass
class World:
    """A chain with a store, a camera, an upload and an alert, and what their ids are."""

    api: Api
    ids: dict[str, str]

    def snapshot(self) -> tuple[bytes, dict[str, bytes]]:
        """Rows and objects."""
        with self.api.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        store = self.api.store
        return self._path.read_bytes(), {each.key: store.get(each.key) for each in store.list("")}

    def restore(self, rows: bytes, objects: dict[str, bytes]) -> None:
        self.api.engine.dispose()
        for ending in ("-wal", "-shm"):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)
        self._path.write_bytes(rows)
        for name, content in objects.items():
            self.api.put(name, content)

    @property
    def _path(self) -> Path:
        return Path(self.api.engine.url.database or "")

    def url(self, path: str) -> str:
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: self.ids[found[1]], path)

    def ask(self, method: str, path: str, entry: Entry, who: Principal | None) -> int:
        """The status; of a WebSocket that opens 101."""
        web, client = self.api.client.app, self.api.client
        assert isinstance(web, FastAPI)
        web.dependency_overrides.clear()
        if who is not None:
            web.dependency_overrides[authenticated] = lambda: who
        client.cookies.clear()
        if method == "WEBSOCKET":
            return _socket_status(self.api, self.url(path))
        sent: dict[str, Any] = {"json": entry.body} if entry.body is not None else {}
        if (method, path) == ("POST", "/api/v1/videos"):
            sent = {"files": {"file": ("a.mp4", MP4)}}
        answer = client.request(
            method,
            self.url(path),
            params=entry.params,
            headers=entry.headers,
            follow_redirects=False,
            **sent,
        )
        return answer.status_code


def _socket_status(api: Api, url: str) -> int:
    try:
        with api.client.websocket_connect(url, headers={"Host": "127.0.0.1:8080"}):
            return 101
    except WebSocketDenialResponse as denied:
        return denied.status_code
    except WebSocketDisconnect as closed:
        return closed.code


def created(make_api: Callable[..., Api]) -> World:
    api = make_api(api_token="the machine's own", secret_key="long", api_playback_wait_s=0.01)
    raised = alert(AlertOpened, source_id=CAMERA, source_kind="camera")
    api.project(configured(tenant_id=TENANT, store_id=STORE), raised)
    api.put(evidence_key(raised.alert_id))
    headers = {"Authorization": "Bearer the machine's own"}
    video = api.client.post("/api/v1/videos", files={"file": ("a.mp4", MP4)}, headers=headers)
    with api.engine.begin() as connection:
        connection.execute(update(sources).values(tenant_id=str(TENANT), store_id=str(STORE)))
        tenants.add(connection, OTHER_TENANT, ("Other", "Main store"), api.clock.now())
        for store_id in (STORE, NEXT_STORE):
            stores.add(connection, a_store(store_id, TENANT, api.clock.now()))
        assert len(connection.execute(select(sources)).all()) == 2
    album_id, item_id = _album(api)
    seen = {"alert_ids": [str(raised.alert_id)]}
    batch = api.client.post("/api/v1/alerts/acknowledgements", json=seen, headers=headers)
    ids = {
        "album_id": album_id,
        "item_id": item_id,
        "erasure_id": _erasure(api),
        "hold_id": _hold(api),
        "event_id": _missed(api),
        "letter_id": str(collect(api, letter())[0]),
        "source_id": str(CAMERA),
        "video_id": video.json()["video_id"],
        "upload_id": str(UUID(int=5)),
        "alert_id": str(raised.alert_id),
        "what": "evidence",
        "batch_id": batch.json()["batch_id"],
        "incident_id": str(raised.alert_id),
        "store_id": str(STORE),
        "table": "alerts",
        "key_id": _key(api),
        "tenant_id": str(TENANT),
        "user_id": str(person(api, "viewer", TENANT).user_id),
        "invitation_id": str(invitation(api, TENANT)),
        "session_id": str(UUID(int=4)),
        "run": _replay(api, headers),
        "ticket": "a-ticket",
        "name": "icon",
        "path": "cameras",
    }
    target = TARGET | {"store_id": str(STORE)}
    added = api.client.post("/api/v1/targets", json=target, headers=headers)
    ids["target_id"] = added.json()["target"]["target_id"]
    ids |= {"empty_store_id": str(NEXT_STORE), "hook_id": _webhook(api, headers)}
    ids |= _detector(api, headers)
    return World(api, ids)


def _detector(api: Api, headers: dict[str, str]) -> dict[str, str]:
    """It looks on everywhere, which stands in the history."""
    content = zipped(files())
    detector = api.client.post(MODELS, content=content, headers=headers).json()["detector"]
    api.client.post(f"{MODELS}/{detector}/shadow", json={}, headers=headers)
    history = api.client.get("/api/v1/deployments/history", headers=headers).json()["items"]
    return {"detector": detector, "entry_id": history[0]["entry_id"]}


def _webhook(api: Api, headers: dict[str, str]) -> str:
    """What is sent to it is signed."""
    entry = TARGET | {"channel": "webhook", "address": "https://93.184.216.34/hook"}
    added = api.client.post("/api/v1/targets", json=entry, headers=headers)
    return str(added.json()["target"]["target_id"])


def _replay(api: Api, headers: dict[str, str]) -> str:
    """Of the camera."""
    asked = REPLAY | {"source_ids": [str(CAMERA)]}
    answer = api.client.post("/api/v1/replays", json=asked, headers=headers)
    return str(answer.json()["run"])


def _erasure(api: Api) -> str:
    """Of the camera, from before there was anything to erase."""
    who, now = ASKING["owner"], api.clock.now()
    assert who is not None
    until = now - timedelta(days=365)
    entry = ErasureEntry(source_id=CAMERA, until=until, reason="a test")
    with api.engine.connect() as connection:
        row = source_row(connection, who, CAMERA)
    assert row is not None
    return str(api.tools.erasing.ask(who, row, entry))


def _hold(api: Api) -> str:
    """Of the camera, from before there was anything to hold."""
    who, until = ASKING["owner"], api.clock.now() - timedelta(days=365)
    assert who is not None
    entry = HoldEntry(source_id=CAMERA, until=until, reason="a test")
    with api.engine.connect() as connection:
        row = source_row(connection, who, CAMERA)
    return str(hold_stretch(api.tools, who, row, entry))


def _missed(api: Api) -> str:
    """A theft that the camera saw and nothing raised."""
    who = ASKING["owner"]
    assert who is not None
    entry = MissedEventEntry.model_validate(MISSED)
    with api.engine.begin() as connection:
        return str(marking.enter(connection, who, entry, api.clock.now()))


def _album(api: Api) -> tuple[str, str]:
    """Of the owner, shared, with the camera in it."""
    who = ASKING["owner"]
    assert who is not None
    entry, now = AlbumEntry(name="Nights", is_shared=True), api.clock.now()
    with api.engine.begin() as connection:
        album_id = albums.add(connection, who, entry, now)
        item = AlbumItemEntry(source_id=CAMERA)
        return str(album_id), str(albums.add_item(connection, who, album_id, item, now))


def _key(api: Api) -> str:
    """Of the user's own."""
    owner = ASKING["owner"]
    assert owner is not None
    with api.engine.begin() as connection:
        wanted = NewKey("dashboard", frozenset({"view"}))
        made = keys.add(connection, owner, wanted, api.clock.now())
    return str(UUID(hex=made.split("_")[1]))


def expected(entry: Entry, path: str, name: str, who: Principal | None) -> int | None:
    """The status of a refusal; None where there is none."""
    if entry.need == "open":
        return None
    if who is None:
        return 401
    if not _is_let_in(entry.need, who):
        return 403
    if entry.is_whole and who.store_ids is not None:
        return 403
    names_something = re.search(r"\{\w*id\}", path) is not None
    is_foreign = name in FOREIGN and not (entry.is_tenants and name == FOREIGN[0])
    return 404 if names_something and (is_foreign or entry.is_own) else None


def _is_let_in(need: Need, who: Principal) -> bool:
    if need == "person":
        return who.actor.kind == "user"
    if need == "machine":
        return who.actor.kind == "machine"
    return need in ("login", "open") or who.may(need)
