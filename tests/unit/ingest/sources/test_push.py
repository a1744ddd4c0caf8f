"""A webcam's pictures, from their topic to frames: in order, one source's, and none that is bad."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from schemas.pushes import FramePushed
from schemas.topics import PUSHES
from services.chassis.errors import TransientError
from services.chassis.media.jpeg import of_rgb
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from services.ingest.sources.port import LiveFrame, SourceLost
from services.ingest.sources.push import PushSource
from tests.builders import ORIGIN, SOURCE, source


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([PUSHES], partitions=1)


def jpeg(level: int, height: int = 48, width: int = 64) -> bytes:
    return of_rgb(np.full((height, width, 3), level, np.uint8)).content


def push(broker: MemoryBroker, content: bytes, at_s: float = 0, of: UUID = SOURCE) -> None:
    moment = ORIGIN + timedelta(seconds=at_s)
    message = FramePushed(source_id=of, jpeg=content, pushed_at=moment)
    broker.publisher("api").publish(Outgoing(PUSHES, message))


@pytest.fixture
def webcam(broker: MemoryBroker) -> Iterator[PushSource]:
    webcam = PushSource(broker, SOURCE, open_s=30.0, read_s=0.3)
    yield webcam
    webcam.close()


def opened(webcam: PushSource, broker: MemoryBroker, first: bytes) -> tuple[int, int, str]:
    """Opens it while somebody pushes the first picture again and again, as a page does."""
    is_open = threading.Event()

    def page() -> None:
        while not is_open.wait(0.01):
            push(broker, first)

    pushing = threading.Thread(target=page)
    pushing.start()
    try:
        found = webcam.open()
    finally:
        is_open.set()
        pushing.join()
    return found.width, found.height, found.codec


def levels(frames: list[LiveFrame]) -> list[int]:
    return [round(float(one.picture.to_ndarray(format="rgb24").mean())) for one in frames]


def until_lost(webcam: PushSource) -> tuple[list[LiveFrame], str]:
    frames = []
    try:
        for frame in webcam.frames():
            frames.append(frame)  # noqa: PERF402 - what came before it was lost counts
    except SourceLost as loss:
        return frames, str(loss)
    raise AssertionError("an endless source never ends by itself")


def test_pictures_come_in_order_with_the_browsers_times(
    webcam: PushSource, broker: MemoryBroker
) -> None:
    push(broker, jpeg(10), -60)
    assert opened(webcam, broker, jpeg(50)) == (64, 48, "mjpeg")
    for number, level in enumerate((100, 150, 200)):
        push(broker, jpeg(level), 10 + number)
    frames, loss = until_lost(webcam)
    assert levels(frames)[-3:] == [100, 150, 200]
    assert 10 not in levels(frames), "what came before it was opened is gone"
    assert [one.pts_s for one in frames[-3:]] == [ORIGIN.timestamp() + 10 + n for n in range(3)]
    assert "stay open in a browser" in loss


def test_other_sources_and_broken_pictures_are_left_out(
    webcam: PushSource, broker: MemoryBroker
) -> None:
    opened(webcam, broker, jpeg(50))
    push(broker, jpeg(90), of=source(7))
    whole = jpeg(120)
    for content in (b"", b"no picture", whole[:200], whole[:-400], jpeg(77, 8, 5000), whole):
        push(broker, content)
    broker.append(PUSHES.name, str(SOURCE).encode(), b"no message")
    frames, _ = until_lost(webcam)
    assert levels(frames)[-1] == 120
    assert set(levels(frames)) == {50, 120}


def test_a_size_that_changes_is_no_matter(webcam: PushSource, broker: MemoryBroker) -> None:
    opened(webcam, broker, jpeg(50))
    push(broker, jpeg(100, 96, 128))
    frames, _ = until_lost(webcam)
    assert (frames[-1].picture.width, frames[-1].picture.height) == (128, 96)


def test_a_page_that_is_not_open_is_told(broker: MemoryBroker) -> None:
    webcam = PushSource(broker, SOURCE, open_s=0.1)
    with pytest.raises(SourceLost, match="sends no pictures"):
        webcam.open()
    webcam.close()


def test_kafka_that_is_away_is_a_loss_like_another(broker: MemoryBroker) -> None:
    broker.fail("ask", TransientError("away"))
    with pytest.raises(SourceLost, match="Kafka"):
        PushSource(broker, SOURCE).open()


def test_a_picture_too_large_to_open_with_is_told(broker: MemoryBroker, webcam: PushSource) -> None:
    with pytest.raises(SourceLost, match="too large"):
        opened(webcam, broker, jpeg(50, 8, 5000))
