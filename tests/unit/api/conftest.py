"""The web application over fakes: objects and messages in memory, SQLite in a file."""

import contextlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.datastructures import State as AppState

from schemas.base import Message
from schemas.topics import TOPICS
from services.api import app
from services.api.access.tenants import ensure_default
from services.api.admission import Admission
from services.api.cameras.announcing import Announcements
from services.api.config import ApiSettings
from services.api.deps import Tools
from services.api.disk import Disk, State
from services.api.events.directory import Directory
from services.api.events.hub import EventHub
from services.api.faces.copies import HiddenCopies
from services.api.faces.pieces import HiddenPieces
from services.api.frames import Thumbnails
from services.api.keeping.announcing import KeepingAnnouncements
from services.api.learning.announcing import MissedAnnouncements
from services.api.live.view import LiveView
from services.api.models.announcing import ModelAnnouncements
from services.api.playback import Playback
from services.api.policies.announcing import PolicyAnnouncements
from services.api.projector import Projector
from services.api.replays.announcing import ReplayAnnouncements
from services.api.reviews.announcing import ReviewAnnouncements
from services.api.signon.fetching import Fetching
from services.api.signon.providers import Providers
from services.api.targets.announcing import TargetAnnouncements
from services.api.thumbnails import ThumbnailPool
from services.api.uploads import Uploads
from services.chassis.clock import ManualClock, SystemClock
from services.chassis.errors import TransientError
from services.chassis.sealing import Sealing
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.publisher import MemoryPublisher, Publishing
from services.chassis.streaming.records import Incoming
from services.chassis.tickets import Tickets
from tests.unit.api.builders import incoming

BASE = "http://127.0.0.1:8080"
HERE = "127.0.0.1", 1
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Api:
    """A client, and hands on what lies behind the API."""

    client: TestClient
    store: MemoryObjects
    publisher: MemoryPublisher
    engine: Engine
    tools: Tools
    parts: dict[str, State]
    broker: MemoryBroker

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.tools.clock, ManualClock)
        return self.tools.clock

    def project(self, *messages: Message) -> None:
        self.take(*incoming(*messages))

    def take(self, *records: Incoming) -> None:
        """As `project`, of records that may be tombstones."""
        Projector(self.engine, self.clock).handle(records, Event())

    def put(self, key: str, content: bytes = b"content") -> None:
        self.store.put(key, io.BytesIO(content), "application/octet-stream")

    def upload(self, content: bytes, filename: str = "a.mp4") -> Any:
        return self.client.post("/api/v1/videos", files={"file": (filename, content)})


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite file: cheaper to copy than to make."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    upgrade(f"sqlite:///{path}")
    engine = database.connect(f"sqlite:///{path}")
    ensure_default(engine, NOW)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def make_api(empty_database: bytes, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Makes an API with the given settings; `store` and `publisher` may be others."""
    with apis(empty_database, tmp_path) as make:
        yield make


@contextlib.contextmanager
def apis(empty_database: bytes, folder: Path) -> Iterator[Callable[..., Api]]:
    """What `make_api` gives, for as long as a test wants it."""
    path = folder / "test.db"
    path.write_bytes(empty_database)
    engine = database.connect(f"sqlite:///{path}")
    with apis_on(engine, folder) as make:
        yield make
    engine.dispose()


@contextlib.contextmanager
def apis_on(engine: Engine, folder: Path) -> Iterator[Callable[..., Api]]:
    """The same on any migrated database, which stays the caller's."""
    threads = ThreadPoolExecutor(4)
    pools: list[ThumbnailPool | Playback | HiddenPieces | HiddenCopies] = []
    views: list[LiveView | EventHub | Admission] = []

    def make(
        store: MemoryObjects | None = None,
        publisher: MemoryPublisher | None = None,
        base: str = BASE,
        disk: Disk | None = None,
        **fields: Any,
    ) -> Api:
        settings = ApiSettings(**{"evidence_key_file": folder / "key.pem"} | fields)
        store, publisher = store or MemoryObjects(), publisher or MemoryPublisher()
        parts, broker = {"database": State(True)}, MemoryBroker(TOPICS)
        publishing = Publishing(publisher)
        announcements = Announcements(engine, publishing)
        clock = ManualClock(NOW)
        policies = PolicyAnnouncements(engine, publishing, clock)
        targeting = TargetAnnouncements(engine, publishing)
        reviewing = ReviewAnnouncements(engine, publishing)
        deploying = ModelAnnouncements(engine, publishing)
        missing = MissedAnnouncements(engine, publishing)
        keeping = KeepingAnnouncements(engine, publishing, clock, settings.keeping)
        replaying = ReplayAnnouncements(engine, publishing, clock)
        tools = Tools(
            settings=settings,
            engine=engine,
            store=store,
            publishing=publishing,
            clock=clock,
            uploads=Uploads(store, threads, settings.api_max_upload_bytes, 4),
            thumbnails=ThumbnailPool(Thumbnails(store), settings.api_thumbnails_waiting),
            health=lambda: parts,
            sealing=(sealing := Sealing(settings.secret_key)),
            tickets=Tickets(sealing),
            announce=lambda: announced(announcements),
            announce_policies=lambda: announced(policies),
            announce_targets=lambda: announced(targeting),
            announce_reviews=lambda: announced(reviewing),
            announce_missed=lambda: announced(missing),
            announce_keeping=lambda: announced(keeping),
            announce_models=lambda: announced(deploying),
            announce_replays=lambda: announced(replaying),
            broker=broker,
            live=LiveView(broker, SystemClock()),
            events=(hub := event_hub(broker, engine)),
            admission=(admission := Admission(engine, settings, clock, every_s=0.2)),
            pushes=publishing,
            playback=Playback(store, folder / "playback", 10**9, patience_s=2.0),
            providers=Providers(Fetching(settings.providers), clock),
            hidden_copies=(copies := HiddenCopies(folder / "hidden-faces", 10**9)),
            hidden_pieces=HiddenPieces(copies, settings.api_playback_wait_s),
            disk=disk,
        )
        web = app.furnished(unfurnished(), tools)
        client = TestClient(web, base, raise_server_exceptions=False, client=HERE)
        pools.append(tools.thumbnails)
        pools.append(tools.playback)
        pools.append(tools.hidden_pieces)
        pools.append(tools.hidden_copies)
        views.append(tools.live)
        views.append(hub)
        views.append(admission)
        return Api(client, store, publisher, engine, tools, parts, broker)

    yield make
    threads.shutdown()
    described().dependency_overrides.clear()
    for view in views:
        view.stop()
    for pool in pools:
        pool.close()


@cache
def described() -> FastAPI:
    """One a process: FastAPI looks through all routes at the first request, half a second long."""
    return app.described()


def unfurnished() -> FastAPI:
    """An app with the routes of that one, and `dependency_overrides` in common with all others."""
    web = copy(described())
    web.state, web.user_middleware = AppState(), []
    web.exception_handlers = dict(web.exception_handlers)
    return web


def event_hub(broker: MemoryBroker, engine: Engine) -> EventHub:
    """Of one process, by the clock on the wall."""
    clock = SystemClock()
    return EventHub(broker, Directory(engine, clock), clock)


def announced(
    duty: Announcements
    | ReviewAnnouncements
    | MissedAnnouncements
    | PolicyAnnouncements
    | TargetAnnouncements
    | KeepingAnnouncements
    | ModelAnnouncements
    | ReplayAnnouncements,
) -> None:
    """What the duty does when it is woken; an outage is tried again later."""
    with contextlib.suppress(TransientError):
        while duty.turn() == 0.0:
            pass


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()
