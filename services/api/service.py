"""The API as a process: Uvicorn serves, the projector consumes in a thread beside it."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from services.api import app
from services.api.config import ApiSettings
from services.api.deps import Tools
from services.api.frames import Thumbnails
from services.api.health import Health
from services.api.projector import TOPICS, Projector
from services.api.uploads import Uploads
from services.chassis.clock import SystemClock
from services.chassis.reach import require_port
from services.chassis.service import Runnable
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.worker import Limits

LIMITS = Limits(batch_records=2_000, queue_records=4_000)
GRACE_S = 5


class Server(uvicorn.Server):
    """Uvicorn, which leaves the signals to the chassis."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiService:
    """Runs server and projector; when one ends the other does, and its error is raised."""

    def __init__(self, server: Server, projector: Runnable) -> None:
        self._server, self._projector = server, projector
        self._failure: BaseException | None = None

    @property
    def ready(self) -> bool:
        return self._server.started and self._projector.ready

    def run(self) -> None:
        thread = threading.Thread(target=self._project, name="projector")
        thread.start()
        try:
            self._server.run()
        finally:
            self._projector.stop()
            thread.join()
        if self._failure is not None:
            raise self._failure
        if not self._server.should_exit:
            raise RuntimeError("the web server ended by itself")

    def stop(self) -> None:
        self._server.should_exit = True

    def _project(self) -> None:
        try:
            self._projector.run()
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
    publisher = KafkaPublisher(settings, "api")
    projector = ConsumeLoop(
        KafkaBroker(settings), "api", TOPICS, Projector(engine), publisher, LIMITS
    )
    most = settings.api_uploads_at_once
    threads = ThreadPoolExecutor(most, thread_name_prefix="upload")
    tools = Tools(
        settings=settings,
        engine=engine,
        store=store,
        publisher=publisher,
        clock=SystemClock(),
        uploads=Uploads(store, threads, settings.api_max_upload_bytes, most),
        thumbnails=Thumbnails(store),
        ready=Health(engine, store, lambda: projector.ready),
    )
    return ApiService(Server(_uvicorn(settings, tools)), projector)


def _uvicorn(settings: ApiSettings, tools: Tools) -> uvicorn.Config:
    return uvicorn.Config(
        app.build(tools),
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        proxy_headers=False,
    )
