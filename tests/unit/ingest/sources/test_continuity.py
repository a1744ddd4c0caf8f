"""A picture that lost its reference is known, whatever was lost."""

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from services.ingest.sources.continuity import FrameNumbers
from services.ingest.sources.stream import Decoding
from tests.cameras import film

FRAMES, GOP = 60, 20


@pytest.fixture(scope="module", params=["h264", "h265"])
def stream(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / f"film.{request.param}"
    return film(path, frames=FRAMES, gop=GOP)


def shown(path: Path, lost: Collection[int], damaged: Collection[int] = ()) -> list[int]:
    """The numbers of the pictures that come out when some packets never came in."""
    numbers: list[int] = []
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        video.codec_context.options = {"err_detect": "explode"}
        decoding = Decoding(video, is_untimed=False)
        for number, whole in enumerate(list(container.demux(video))[:FRAMES]):
            if number in lost:
                continue
            packet = whole
            if number in damaged:
                packet = cut_off(whole)
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, 25)
            frames = decoding.decode(packet, number / 25)
            numbers += [frame.picture.pts for frame in frames]
    return numbers


def cut_off(whole: Any) -> Any:
    """The first half of a packet."""
    packet: Any = av.Packet(bytes(whole)[: whole.size // 2])
    packet.stream = whole.stream
    return packet


def test_a_whole_stream_is_shown_whole(stream: Path) -> None:
    numbers = shown(stream, ())
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= FRAMES - 3


@pytest.mark.parametrize(
    ("lost", "first_missing", "whole_again"),
    [({GOP}, GOP, 2 * GOP), ({5}, 5, GOP), ({0}, 0, GOP), (range(10, 25), 10, 2 * GOP)],
    ids=["key frame", "other frame", "first frame", "half a second"],
)
def test_nothing_is_shown_that_lost_its_reference(
    stream: Path, lost: Collection[int], first_missing: int, whole_again: int
) -> None:
    numbers = shown(stream, lost)
    assert not set(numbers) & set(range(first_missing, whole_again))
    assert set(numbers) >= set(range(first_missing - 2)) | set(range(whole_again, FRAMES - 3))


def test_a_packet_that_lost_its_end_is_not_shown(tmp_path: Path) -> None:
    """Of H.264 only: FFmpeg's H.265 decoder does not notice it."""
    stream = film(tmp_path / "film.h264", frames=FRAMES, gop=GOP)
    numbers = shown(stream, (), damaged={GOP})
    assert not set(numbers) & set(range(GOP, 2 * GOP))
    assert set(numbers) >= set(range(2 * GOP, FRAMES - 3))


def test_what_cannot_be_read_is_believed() -> None:
    numbers = FrameNumbers()
    for packet in (b"", b"\0\0\1", b"\0\0\1\x67", b"\0\0\1\x67\x64", b"\0\0\1\x41\xff", b"junk"):
        assert numbers.follows(packet)
