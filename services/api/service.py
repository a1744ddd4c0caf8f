"""The API as a process: Uvicorn serves; readers of topics and duties work in threads beside it."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import uvicorn
from sqlalchemy import Engine

from schemas import groups
from schemas.ids import DEFAULT_TENANT
from services.api import app, health
from services.api.access import links
from services.api.access.tenants import ensure_default, has_people
from services.api.admission import Admission
from services.api.auditing.pruning import AuditPruning
from services.api.cameras.announcing import Announcements
from services.api.config import GIB, ApiSettings
from services.api.deadletters import collecting
from services.api.deadletters.collecting import Collector
from services.api.deps import Tools
from services.api.disk import State
from services.api.endings import Endings
from services.api.events.directory import Directory
from services.api.events.hub import EventHub
from services.api.faces.copies import HiddenCopies
from services.api.faces.pieces import HiddenPieces
from services.api.frames import Thumbnails
from services.api.health import Health
from services.api.keeping.announcing import KeepingAnnouncements
from services.api.keeping.measuring import EvidenceMeasuring
from services.api.learning.announcing import MissedAnnouncements
from services.api.live.view import LiveView
from services.api.models.announcing import ModelAnnouncements
from services.api.models.watching import BudgetWatch
from services.api.pipeline import PipelineLag
from services.api.playback import Playback
from services.api.policies.announcing import PolicyAnnouncements
from services.api.projector import TOPICS, Projector
from services.api.replays.announcing import ReplayAnnouncements
from services.api.replays.removing import ReplayRemoval
from services.api.retention import Retention
from services.api.reviews.announcing import ReviewAnnouncements
from services.api.scores.packing import Packing
from services.api.signon.fetching import Fetching
from services.api.signon.providers import Providers
from services.api.targets.announcing import TargetAnnouncements
from services.api.targets.disabling import DeadTargets
from services.api.targets.failing import DeathRule
from services.api.thumbnails import ThumbnailPool
from services.api.uploads import Uploads
from services.chassis.clock import Clock, SystemClock
from services.chassis.duties import Duty
from services.chassis.reach import require_port
from services.chassis.sealing import Sealing
from services.chassis.service import Runnable
from services.chassis.storage import database
from services.chassis.storage.leases import SqlLease
from services.chassis.storage.migrations import upgrade
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher, Publishing
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import logs
from services.chassis.tickets import Tickets

log = logs.get("api")
LIMITS = Limits(batch_records=2_000, queue_records=4_000)
GRACE_S = 5
MOST_A_MESSAGE = 1024 * 1024
"""A socket that sends a larger one is closed."""

LEASE_S = 300.0
"""A turn of a duty takes no longer."""

SHORT_LEASE_S = 10.0
"""After kill -9 of its holder nobody tells of cameras for so long; two that do are harmless."""


class Server(uvicorn.Server):
    """Uvicorn, which leaves the signals to the chassis."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiService:
    """Runs server, readers of topics and duties; when one ends all do, and its error is raised."""

    def __init__(
        self,
        server: Server,
        readers: Sequence[Runnable],
        duties: Sequence[Duty],
        watch: Health,
        tools: Tools,
    ) -> None:
        self._server, self._readers = server, readers
        self._duties, self._watch, self._tools = duties, watch, tools
        self._failure: BaseException | None = None

    @property
    def ready(self) -> bool:
        return self._server.started and all(reader.ready for reader in self._readers)

    def run(self) -> None:
        threads = [threading.Thread(target=self._read, args=(one,)) for one in self._readers]
        for thread in threads:
            thread.start()
        self._watch.start()
        for duty in self._duties:
            duty.start(on_failure=self.stop)
        try:
            self._server.run()
        finally:
            self._end(threads)
        if self._failure is not None:
            raise self._failure
        for duty in self._duties:
            duty.raise_failure()
        if not self._server.should_exit:
            raise RuntimeError("the web server ended by itself")

    def stop(self) -> None:
        self._tools.events.close()
        self._server.should_exit = True

    def _end(self, reading: Sequence[threading.Thread]) -> None:
        self._watch.stop()
        self._tools.live.stop()
        self._tools.events.stop()
        self._tools.admission.stop()
        for reader in self._readers:
            reader.stop()
        for duty in self._duties:
            duty.stop()
        for thread in reading:
            thread.join()
        self._tools.playback.close()
        self._tools.hidden_pieces.close()
        self._tools.hidden_copies.close()

    def _read(self, reader: Runnable) -> None:
        try:
            reader.run()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._failure = error
        finally:
            self._server.should_exit = True


def build(settings: ApiSettings) -> ApiService:
    """Bring the tables up to date, connect to all servers. Raises their errors."""
    require_port(settings.api_host, settings.api_port, "NIGHTCLERK_API_PORT")
    url = settings.database_url.get_secret_value()
    upgrade(url)
    engine, store = database.connect(url), S3Objects.connect(settings)
    publisher, clock = KafkaPublisher(settings, "api"), SystemClock()
    ensure_default(engine, clock.now())
    publishing = Publishing(publisher)
    announcing = _duty(
        "announcing", Announcements(engine, publishing).turn, engine, clock, SHORT_LEASE_S
    )
    reviewing = _duty(
        "reviews", ReviewAnnouncements(engine, publishing).turn, engine, clock, SHORT_LEASE_S
    )
    missing = _duty(
        "missed-events", MissedAnnouncements(engine, publishing).turn, engine, clock, SHORT_LEASE_S
    )
    policing = _duty(
        "policies",
        PolicyAnnouncements(engine, publishing, clock).turn,
        engine,
        clock,
        SHORT_LEASE_S,
    )
    targeting = _duty(
        "targets", TargetAnnouncements(engine, publishing).turn, engine, clock, SHORT_LEASE_S
    )
    deploying = _duty(
        "models", ModelAnnouncements(engine, publishing).turn, engine, clock, SHORT_LEASE_S
    )
    sealing = Sealing(settings.secret_key)
    rule = DeathRule(timedelta(hours=settings.target_dead_after_h))
    switching_off = _duty(
        "dead-targets",
        DeadTargets(engine, publishing, sealing, clock, rule).turn,
        engine,
        clock,
        SHORT_LEASE_S,
    )
    keeping = _duty(
        "keeping",
        KeepingAnnouncements(engine, publishing, clock, settings.keeping).turn,
        engine,
        clock,
        SHORT_LEASE_S,
    )
    replaying = _duty(
        "replays", ReplayAnnouncements(engine, publishing, clock).turn, engine, clock, SHORT_LEASE_S
    )
    projector = ConsumeLoop(
        KafkaBroker(settings), groups.PROJECTOR, TOPICS, Projector(engine), publisher, LIMITS
    )
    collector = ConsumeLoop(
        broker := KafkaBroker(settings),
        groups.DEAD_LETTERS,
        collecting.TWINS,
        Collector(engine, broker.topic_prefix),
        publisher,
        collecting.LIMITS,
    )
    looks: dict[str, Callable[[], State]] = {
        "database": lambda: health.database_answers(engine),
        "object store": lambda: health.store_answers(store),
        "projector": lambda: State(projector.ready, "does not read the topics"),
    }
    if settings.disk is not None:
        looks["disk"] = settings.disk.look
    most = settings.api_uploads_at_once
    threads = ThreadPoolExecutor(most, thread_name_prefix="upload")
    tools = Tools(
        settings=settings,
        engine=engine,
        store=store,
        publishing=publishing,
        clock=clock,
        uploads=Uploads(store, threads, settings.api_max_upload_bytes, most),
        thumbnails=ThumbnailPool(Thumbnails(store), settings.api_thumbnails_waiting),
        health=(watch := Health(looks, clock)),
        sealing=sealing,
        tickets=Tickets(sealing),
        announce=announcing.wake,
        announce_targets=targeting.wake,
        announce_reviews=reviewing.wake,
        announce_missed=missing.wake,
        announce_policies=policing.wake,
        announce_keeping=keeping.wake,
        announce_models=deploying.wake,
        announce_replays=replaying.wake,
        broker=KafkaBroker(settings),
        live=LiveView(KafkaBroker(settings), clock),
        events=EventHub(KafkaBroker(settings), Directory(engine, clock), clock),
        admission=Admission(engine, settings, clock),
        pushes=Publishing(KafkaPublisher(settings, "api")),
        playback=Playback(
            store, settings.state_dir / "playback", round(settings.api_playback_cache_gb * GIB)
        ),
        providers=Providers(Fetching(settings.providers), clock),
        hidden_copies=(
            hidden_copies := HiddenCopies(
                settings.state_dir / "hidden-faces", round(settings.api_playback_cache_gb * GIB / 4)
            )
        ),
        hidden_pieces=HiddenPieces(hidden_copies, settings.api_playback_wait_s),
        disk=settings.disk,
    )
    _invite_first_owner(tools)
    server = Server(_uvicorn(settings, tools))
    duties = [
        announcing,
        reviewing,
        missing,
        policing,
        targeting,
        deploying,
        switching_off,
        keeping,
        replaying,
        *_duties(settings, tools),
    ]
    return ApiService(server, (projector, collector), duties, watch, tools)


def _invite_first_owner(tools: Tools) -> None:
    """Log where to sign up, for as long as nobody did."""
    with tools.engine.connect() as connection:
        if has_people(connection):
            return
    if url := links.setup_url(tools, DEFAULT_TENANT):
        log.info("nobody has signed up: the first owner does so here, once", url=url)
    else:
        log.info("nobody can sign up without NIGHTCLERK_SECRET_KEY")


def _duties(settings: ApiSettings, tools: Tools) -> list[Duty]:
    """Each is carried out by one instance of the API at a time."""
    turns = {
        "packing": Packing(tools.engine, tools.clock).turn,
        "endings": Endings(
            tools.engine, PipelineLag(settings), tools.clock, settings.api_give_up_after_h
        ).turn,
        "erasure": tools.erasing.turn,
        "sweeping": tools.erasing.sweep,
        "pruning": AuditPruning(tools.engine, tools.clock, settings.audit_kept).turn,
        "replay-removal": ReplayRemoval(
            tools.engine, tools.store, tools.clock, settings.replays_kept
        ).turn,
        "budgets": BudgetWatch(tools.engine, tools.publishing, tools.sealing, tools.clock).turn,
        "measuring": EvidenceMeasuring(tools.engine, tools.store, tools.clock).turn,
        "retention": Retention(tools.engine, tools.removal, tools.clock, settings.keeping).turn,
    }
    return [_duty(name, turn, tools.engine, tools.clock) for name, turn in turns.items()]


def _duty(
    name: str,
    turn: Callable[[], float],
    engine: Engine,
    clock: Clock,
    lease_s: float = LEASE_S,
) -> Duty:
    instance = f"{socket.gethostname()}:{os.getpid()}"
    lease = SqlLease(engine, f"api.{name}", instance, clock, lease_s)
    return Duty(f"api-{name}", turn, clock, lease)


def _uvicorn(settings: ApiSettings, tools: Tools) -> uvicorn.Config:
    return uvicorn.Config(
        app.build(tools),
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ws_max_size=MOST_A_MESSAGE,
        ws_per_message_deflate=False,  # pictures are compressed already
        timeout_keep_alive=30,
        proxy_headers=False,
    )
