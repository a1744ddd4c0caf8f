"""Pictures and films of the world: the simulator's store, rendered once and kept in build/world."""

import io
from functools import cache
from pathlib import Path

import av
from PIL import Image

from services.ingest.sources.sim.render import write_mp4
from services.ingest.sources.sim.spec import SimSpec

KEPT = Path("build/world")
SECONDS = 8.0
PEAK_S = 4.5
COUNT = 4


def scene(number: int) -> SimSpec:
    """Two people fight in it, from its second second to its seventh."""
    return SimSpec(
        seed=11 + number % COUNT,
        seconds=SECONDS,
        incidents=((2.0, 7.0),),
        frame_rate=8,
        width=640,
        height=360,
    )


def film(number: int) -> bytes:
    """An H.264 MP4 that browsers play. There are COUNT of them."""
    return _film(number % COUNT)


def still(number: int, at_s: float = PEAK_S, width: int = 640) -> bytes:
    """A JPEG of the film."""
    return _still(number % COUNT, at_s, width)


def contact_sheet(number: int) -> bytes:
    """Twelve pictures of the film, four a row."""
    return _contact_sheet(number % COUNT)


@cache
def _film(number: int) -> bytes:
    spec = scene(number)
    path = KEPT / f"scene-{spec.seed}.mp4"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part.mp4")
        write_mp4(spec, beside)
        beside.replace(path)
    return path.read_bytes()


@cache
def _still(number: int, at_s: float, width: int) -> bytes:
    with av.open(io.BytesIO(film(number))) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= at_s:
                break
    image = frame.to_image()
    image = image.resize((width, width * image.height // image.width))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=88)
    return content.getvalue()


@cache
def _contact_sheet(number: int) -> bytes:
    tiles = [Image.open(io.BytesIO(still(number, 0.5 + 0.6 * k, 320))) for k in range(12)]
    width, height = tiles[0].size
    sheet = Image.new("RGB", (4 * width, 3 * height))
    for k, tile in enumerate(tiles):
        sheet.paste(tile, (k % 4 * width, k // 4 * height))
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=85)
    return content.getvalue()
