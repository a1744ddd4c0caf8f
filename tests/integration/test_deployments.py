"""A detector is promoted, another looks on, and the first is rolled back, under live load on real
servers; judging is killed in the middle.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.judgements import LIVE
from schemas.models import DetectorPackage, ModelsDeployed, Shadow
from schemas.scores import ClipScored
from schemas.sources import SourceConfigured
from schemas.topics import ALERTS, EMBEDDINGS, MODELS, SCORES, SOURCES
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.scoring.calibration import Calibration
from tests.builders import source
from tests.checkpoints import cosine_head, deployed, window
from tests.integration.processes import environment, supervised

pytestmark = pytest.mark.integration
STORE = default_store(DEFAULT_TENANT)
ORIGIN = datetime.now(UTC)
SOURCES_OF_LOAD = 2
PERIOD = 20
"""Windows; five of them are a fight."""
PAUSE_S = 0.05
PATIENCE_S = 300


@contextmanager
def scoring(settings: ServiceSettings, folder: Path) -> Iterator[Callable[[], None]]:
    """Judging and episodes; what is given kills judging, as kill -9 does."""
    surroundings = environment(settings, folder, head=str(folder / "default"))
    with (
        supervised("services.scoring.judging", surroundings, folder / "judging.log") as shell,
        supervised("services.scoring.episodes", surroundings, folder / "episodes.log"),
    ):
        yield lambda: kill_child(shell.pid)


def kill_child(pid: int) -> None:
    for child in psutil.Process(pid).children():
        child.kill()


class Load:
    """Footage that goes on and on, until it is ended; then whole periods lie there."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._publisher = KafkaPublisher(settings, "test")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.windows = 0
        for number in range(SOURCES_OF_LOAD):
            message = SourceConfigured(
                source_id=source(number),
                source_kind="upload",
                name="night",
                origin_at=ORIGIN,
                configured_at=ORIGIN,
            )
            self._publisher.publish(Outgoing(SOURCES, message))
        self._publisher.flush()

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()

    def _go_on(self) -> None:
        is_last = False
        while not is_last:
            is_whole = (self.windows + 1) % PERIOD == 0
            is_last = self._ending.wait(PAUSE_S) and is_whole
            for number in range(SOURCES_OF_LOAD):
                is_high = self.windows % PERIOD in range(5, 10)
                times = {"origin_at": ORIGIN, "cut_at": ORIGIN, "is_last": is_last}
                message = window(self.windows, is_high, source_id=source(number), **times)
                self._publisher.publish(Outgoing(EMBEDDINGS, message))
            self._publisher.flush()
            self.windows += 1


class Registry:
    """What is deployed in the store."""

    def __init__(self, settings: ServiceSettings, folder: Path) -> None:
        self._objects, self._folder = S3Objects.connect(settings), folder
        self._publisher = KafkaPublisher(settings, "test")

    def register(self, name: str, knot: float) -> DetectorPackage:
        """Another detector, whose scores are those of the default one."""
        calibration = Calibration(raw=(-1, knot, 1), calibrated=(0, (knot + 1) / 2, 1))
        return deployed(self._objects, cosine_head(self._folder / name, calibration=calibration))

    def deploy(self, live: DetectorPackage, shadow: DetectorPackage | None = None) -> None:
        message = ModelsDeployed(
            scope_id=STORE,
            tenant_id=DEFAULT_TENANT,
            store_id=STORE,
            live=(live,),
            shadows=(Shadow(run="shadow-next", package=shadow),) if shadow else (),
            deployed_at=datetime.now(UTC),
        )
        self._put_out(Outgoing(MODELS, message))

    def roll_back(self) -> None:
        self._put_out(Outgoing(MODELS, None, key=str(STORE)))

    def _put_out(self, output: Outgoing) -> None:
        self._publisher.publish(output)
        self._publisher.flush()


def by(detector: str, run: str = LIVE) -> Callable[[Message], bool]:
    return lambda one: isinstance(one, ClipScored) and (one.detector, one.run) == (detector, run)


def test_promoted_looked_on_and_rolled_back_under_load_with_a_kill_in_the_middle(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    cosine_head(tmp_path / "default")
    registry = Registry(settings, tmp_path)
    promoted, next_one = registry.register("promoted", 0.0), registry.register("next", 0.5)
    scores, alerts = Tail(settings, SCORES), Tail(settings, ALERTS)
    found: list[Message] = []
    load = Load(settings)
    with (
        scoring(settings, tmp_path) as kill_judging,
        load,
    ):
        found += scores.until(lambda one: isinstance(one, ClipScored), PATIENCE_S)
        default = found[-1].detector  # type: ignore[attr-defined]
        registry.deploy(promoted)
        found += scores.until(by(promoted.detector), PATIENCE_S)
        registry.deploy(promoted, next_one)
        found += scores.until(by(next_one.detector, "shadow-next"), PATIENCE_S)
        kill_judging()
        registry.roll_back()
        found += scores.until(by(default), PATIENCE_S)
        load.end()
        ended: set[str] = set()
        while len(ended) < SOURCES_OF_LOAD:
            found += scores.until(is_live_end, PATIENCE_S)
            ended.add(found[-1].key)
        told = alerts.drain()

    live = [one for one in found if isinstance(one, ClipScored) and one.run == LIVE]
    detectors: dict[tuple[str, int], set[str]] = {}
    for one in live:
        for clip in one.clips:
            detectors.setdefault((one.key, clip.index), set()).add(one.detector)
    assert len(detectors) == SOURCES_OF_LOAD * 2 * load.windows
    assert all(len(names) == 1 for names in detectors.values())
    assert set.union(*detectors.values()) == {default, promoted.detector}
    assert {one.model_id for score in live for one in score.heads} == {default, promoted.detector}

    of_live = [
        one for one in told if isinstance(one, AlertOpened | AlertClosed) and one.run == LIVE
    ]
    opened = {one.alert_id for one in of_live if isinstance(one, AlertOpened)}
    closed = [one for one in of_live if isinstance(one, AlertClosed)]
    assert opened == {one.alert_id for one in closed}
    assert len(opened) == SOURCES_OF_LOAD * load.windows // PERIOD
    assert {one.reason for one in closed} == {"subsided"}


def is_live_end(message: Message) -> bool:
    return isinstance(message, ClipScored) and message.is_last and message.run == LIVE
