"""Judging on Kafka: embeddings or poses come in by batches, raw scores go out."""

from functools import partial
from threading import Thread

import torch

from schemas import groups
from services.chassis.memory import keep_memory
from services.chassis.service import Runnable
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.worker import Limits
from services.scoring import runs
from services.scoring.judging.config import JudgingSettings
from services.scoring.judging.deployed import DeployedDetectors
from services.scoring.judging.detector import assemble
from services.scoring.judging.live import JudgingHandler
from services.scoring.judging.shadows import ShadowHandler

LIMITS = Limits(batch_records=512, queue_records=4096, prepare_threads=0)
SHADOW_LIMITS = Limits(batch_records=64, queue_records=1024, prepare_threads=0)
"""A batch that a slow shadow judges holds up a rebalance, and comes again after kill -9."""
PACKAGES = "packages"
"""Below the state folder: detectors that are deployed."""


class JudgingService:
    """A Runnable: the live stream, the shadows behind it in a thread of their own, and the
    detectors that are deployed while it runs.
    """

    def __init__(
        self, live: ConsumeLoop, shadows: ConsumeLoop, deployed: DeployedDetectors
    ) -> None:
        self._live, self._shadows, self._deployed = live, shadows, deployed
        self._failure: BaseException | None = None
        self._beside = Thread(target=self._look_on, name="shadows")

    @property
    def ready(self) -> bool:
        return self._live.ready and self._shadows.ready

    def stop(self) -> None:
        self._live.stop()
        self._shadows.stop()

    def run(self) -> None:
        """No record is judged before it is known what is deployed. Raises what either raised."""
        try:
            self._deployed.start(self.stop)
            self._beside.start()
            self._live.run()
            self._deployed.raise_failure()
        finally:
            self.stop()
            if self._beside.ident is not None:
                self._beside.join()
            self._deployed.stop()
        if self._failure is not None:
            raise self._failure

    def _look_on(self) -> None:
        try:
            self._shadows.run()
        except BaseException as error:  # noqa: BLE001 - the thread that runs raises it again
            self._failure = error
        finally:
            self.stop()


def build(settings: JudgingSettings) -> Runnable:
    """Raises ValueError when the heads' checkpoints cannot be used, or not together."""
    keep_memory()
    torch.set_num_threads(1)  # a window is little work, and the cores belong to features
    chosen = runs.chosen(settings)
    detector = assemble(chosen.folder)
    broker = KafkaBroker(settings)
    store = partial(S3Objects.connect, settings)
    deployed = DeployedDetectors(broker, detector, store, settings.state_dir / PACKAGES)
    live = ConsumeLoop(
        broker,
        groups.judging(chosen.backbone),
        [detector.topic],
        JudgingHandler(chosen.backbone, deployed.of),
        broker.publisher("scoring"),
        LIMITS,
    )
    shadows = ConsumeLoop(
        broker,
        groups.judging(chosen.backbone, groups.SHADOWS),
        [detector.topic],
        ShadowHandler(chosen.backbone, deployed.of, deployed.has_shadows),
        broker.publisher("scoring"),
        SHADOW_LIMITS,
    )
    return JudgingService(live, shadows, deployed)
