"""The stateful stream on real Kafka, killed: nothing lost, no state taken twice."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.base import Message
from schemas.scores import ClipScored
from schemas.topics import JUDGEMENTS, SCORES
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from tests.builders import judged, source
from tests.integration.processes import end, kept

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
SOURCES, PATIENCE_S = 20, 240.0


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> ServiceSettings:
    return ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)


@pytest.fixture
def start(
    settings: ServiceSettings, tmp_path: Path
) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Starts a counting process with the state folder of that name. One that ends by itself, since
    Faust lost a record in a takeover, is started again as any supervisor would; all are killed at
    the end.
    """
    shells: list[subprocess.Popen[bytes]] = []

    def begin(name: str) -> "subprocess.Popen[bytes]":
        script = str(Path(__file__).parent / "counting.py")
        where = (settings.kafka_bootstrap, settings.topic_prefix, str(tmp_path / name))
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        shells.append(kept((script, *where), environment, tmp_path / f"{name}.log"))
        return shells[-1]

    yield begin
    for shell in shells:
        if shell.poll() is None:
            end(shell)


class Counted:
    """The clips of each source that were answered, as they come."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._tail = Tail(settings, SCORES)
        self.indexes: dict[str, set[int]] = {}

    def until(self, clips: int) -> None:
        """So many different clips, of all sources together, have been answered."""
        self._tail.until(lambda message: self._take(message) >= clips, PATIENCE_S)

    def _take(self, message: Message) -> int:
        assert isinstance(message, ClipScored)
        self.indexes.setdefault(message.key, set()).add(message.clips[0].index)
        return sum(map(len, self.indexes.values()))


def put(settings: ServiceSettings, first: int, end: int) -> None:
    """Clips `first` to `end` of each source."""
    publisher = KafkaBroker(settings).publisher("scoring")
    for index in range(first, end):
        for number in range(SOURCES):
            publisher.publish(Outgoing(JUDGEMENTS, judged(index, source_id=source(number))))
    publisher.flush()


def test_killed_again_and_again_it_answers_every_clip(
    settings: ServiceSettings, start: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    counted = Counted(settings)
    for turn in range(2):
        shell = start("a")
        put(settings, 50 * turn, 50 * turn + 50)
        counted.until(SOURCES * (50 * turn + 10))
        end(shell)
    start("a")
    counted.until(SOURCES * 100)
    assert counted.indexes == {str(source(n)): set(range(100)) for n in range(SOURCES)}


def test_another_member_takes_over_the_states_of_a_killed_one(
    settings: ServiceSettings, start: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    counted = Counted(settings)
    first = start("a")
    put(settings, 0, 30)
    counted.until(SOURCES * 30)
    start("b")
    put(settings, 30, 60)
    counted.until(SOURCES * 60)
    end(first)
    put(settings, 60, 90)
    counted.until(SOURCES * 90)
    assert counted.indexes == {str(source(n)): set(range(90)) for n in range(SOURCES)}
