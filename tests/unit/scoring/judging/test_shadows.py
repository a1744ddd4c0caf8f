"""Live judgement beside a shadow that is stuck: it waits for nothing, and the shadow catches up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas import groups
from schemas.codec import encode
from schemas.judgements import LIVE, ClipJudged
from schemas.topics import EMBEDDINGS, JUDGEMENTS, MODELS, SOURCES, dead_letters
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.worker import Limits
from services.scoring.heads import Head
from services.scoring.judging.deployed import DeployedDetectors
from services.scoring.judging.detector import Detector
from services.scoring.judging.live import JudgingHandler
from services.scoring.judging.service import JudgingService
from services.scoring.judging.shadows import ShadowHandler
from tests.checkpoints import MeanOfLatest, card, vector_window
from tests.unit.scoring.judging.test_service import windows
from tests.unit.scoring.judging.test_switching import DEFAULT, Deployed
from tests.waiting import wait_until

LIMITS = Limits(batch_records=8, queue_records=32, prepare_threads=0, tick_s=0.01)
LIVE_GROUP = groups.judging(DEFAULT.backbone)
SHADOW_GROUP = groups.judging(DEFAULT.backbone, groups.SHADOWS)


class Stuck(Head):
    """Judges once it is let."""

    def __init__(self) -> None:
        network = MeanOfLatest(1)
        super().__init__(network, card(network, config={"context": 1}))
        self.is_let, self.is_asked = Event(), Event()

    def judge(self, rows: Sequence[NDArray[np.float32]]) -> list[float]:
        self.is_asked.set()
        self.is_let.wait(60)
        return super().judge(rows)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([EMBEDDINGS, JUDGEMENTS, MODELS, SOURCES])


@contextmanager
def running(broker: MemoryBroker, force: Deployed, folder: Path) -> Iterator[None]:
    def loop(group: str, handler: Handler) -> ConsumeLoop:
        publisher = broker.publisher("scoring")
        return ConsumeLoop(broker, group, [EMBEDDINGS], handler, publisher, LIMITS)

    service = JudgingService(
        loop(LIVE_GROUP, JudgingHandler(DEFAULT.backbone, force)),
        loop(SHADOW_GROUP, ShadowHandler(DEFAULT.backbone, force, force.has_shadows)),
        DeployedDetectors(broker, DEFAULT, MemoryObjects, folder),
    )
    thread = Thread(target=service.run)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(60)
        assert not thread.is_alive()


def of_run(broker: MemoryBroker, run: str) -> list[tuple[str, int]]:
    judged = [one for one in broker.messages(JUDGEMENTS) if isinstance(one, ClipJudged)]
    return sorted((one.key, one.clips[0].index) for one in judged if one.run == run)


def test_live_judgement_goes_on_beside_a_shadow_that_is_stuck(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    stuck, force = Stuck(), Deployed()
    force.deploy(shadows=(Detector((stuck,)),))
    for message in windows(60, sources=5):
        broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))
    with running(broker, force, tmp_path):
        assert stuck.is_asked.wait(60)
        broker.wait_until(lambda: len(of_run(broker, LIVE)) == 60)
        broker.wait_until(lambda: broker.lag(LIVE_GROUP, EMBEDDINGS) == 0)
        assert of_run(broker, "shadow-0") == []
        assert broker.lag(SHADOW_GROUP, EMBEDDINGS) == 60
        stuck.is_let.set()
        broker.wait_until(lambda: broker.lag(SHADOW_GROUP, EMBEDDINGS) == 0)
    assert of_run(broker, "shadow-0") == of_run(broker, LIVE)


def test_where_nobody_looks_on_nothing_is_read(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    force, decoded = Deployed(), []
    monkeypatch.setattr(ShadowHandler, "prepare", lambda _, message: decoded.append(message))
    for message in windows(60, sources=5):
        broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))
    with running(broker, force, tmp_path):
        broker.wait_until(lambda: broker.lag(SHADOW_GROUP, EMBEDDINGS) == 0)
        assert decoded == []
        force.deploy(shadows=(Detector((Stuck(),)),))

        def is_seen() -> bool:
            broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))
            return bool(decoded)

        wait_until(is_seen)  # what came before it was awake was passed over
    assert set(decoded) == {message}


def test_what_cannot_be_judged_is_one_dead_letter_and_stops_no_shadow(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    force = Deployed()
    force.deploy(shadows=(DEFAULT,))
    wrong = vector_window(0, (float("nan"), 0.0))
    for message in [wrong, vector_window(1, (1.0, 0.0)), vector_window(2, (1.0, 0.0), window=3)]:
        broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))
    broker.append(EMBEDDINGS.name, b"nobody", b"no message")
    with running(broker, force, tmp_path):
        for group in (LIVE_GROUP, SHADOW_GROUP):
            broker.wait_until(lambda group=group: broker.lag(group, EMBEDDINGS) == 0)  # type: ignore[misc]
    assert of_run(broker, "shadow-0") == of_run(broker, LIVE)
    assert len(of_run(broker, LIVE)) == 1
    assert len(broker.messages(dead_letters(EMBEDDINGS))) == 3


def test_where_the_shadows_stop_for_a_bug_the_service_stops_and_says_why(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    class Broken(ShadowHandler):
        def held(self) -> dict[object, int]:  # type: ignore[override]
            raise RuntimeError("a bug")

    publisher = broker.publisher("scoring")
    loops = [
        ConsumeLoop(broker, group, [EMBEDDINGS], handler, publisher, LIMITS)
        for group, handler in (
            (LIVE_GROUP, JudgingHandler(DEFAULT.backbone, Deployed())),
            (SHADOW_GROUP, Broken(DEFAULT.backbone, Deployed(), lambda: True)),
        )
    ]
    deployed = DeployedDetectors(broker, DEFAULT, MemoryObjects, tmp_path)
    with pytest.raises(RuntimeError, match="a bug"):
        JudgingService(*loops, deployed).run()
