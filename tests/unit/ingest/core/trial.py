"""Picture health and motion gate on the development footage.

`python -m tests.unit.ingest.core.trial` prints the tables of docs/explanation/live-health.md and
motion-gate.md; it takes some minutes. Every
video is shown as a camera would show it: normal ones back and forth until a view is learned, then
with a fault, then without; those with an event after twenty seconds of their first picture, with
the noise of a sensor.
"""

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from services.ingest.core.cutting import Clip
from services.ingest.core.gate import ALIGNED, MotionGate
from services.ingest.core.motion import Motion
from services.ingest.core.picture_health import EVERY_S, Change, PictureHealth
from services.ingest.core.thumbnails import luma, thumbnail

Grey: TypeAlias = NDArray[np.uint8]
Fault = Callable[[Grey], Grey]

ROOT = Path(__file__).parents[4]
SHARED = ROOT.parent / "shared/footage"
PEDESTRIANS = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
RATE, SHORT_SIDE = 7.5, 256
STEP = round(RATE * EVERY_S)
CLIP = 8
"""Pictures a clip at this rate."""


def pictures(path: Path) -> list[Grey]:
    """As a clip shows them, 7.5 a second: luma of 256 pixels along the short side."""
    found: list[Grey] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        for number, frame in enumerate(container.decode(stream)):
            if number / rate >= len(found) / RATE - 1e-6:
                factor = SHORT_SIDE / min(frame.width, frame.height)
                width, height = (
                    round(side * factor / 2) * 2 for side in (frame.width, frame.height)
                )
                scaled = frame.reformat(width, height, "yuv420p")
                plane = scaled.planes[0]
                found.append(luma(bytes(plane), plane.line_size, width, height).copy())
    return found


def normal_videos(root: Path) -> list[Path]:
    """In which nothing is wrong with the camera, and no event is labelled."""
    found = [PEDESTRIANS, *sorted((root / "normal").glob("*.mp4"))]
    found += sorted(root.glob("falls/*/ADL/*.mp4"))
    found += sorted(root.glob("fights/normal/*.mp4")) + sorted(root.glob("theft/normal*.mp4"))
    return [path for path in found if path.exists()]


def eventful_videos(root: Path) -> list[Path]:
    """With a fight, a fall or a theft."""
    falls, thefts = root.glob("falls/*/Fall/*.mp4"), root.glob("theft/theft*.mp4")
    return sorted(falls) + sorted(root.glob("fights/fight/*.mp4")) + sorted(thefts)


def a_scene_each(root: Path) -> list[Path]:
    """Normal videos, of each source the first."""
    with (root / "fights/labels.csv").open() as table:
        sources = {root / "fights" / row["clip"]: row["source"] for row in csv.DictReader(table)}
    chosen: dict[str, Path] = {}
    for path in normal_videos(root):
        kind = "theft" if path.parent.name == "theft" else str(path)
        chosen.setdefault(sources.get(path, kind), path)
    return list(chosen.values())


def noisy(picture: Grey, chance: np.random.Generator, sigma: float = 0.5) -> Grey:
    return np.clip(picture + chance.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def back_and_forth(shown: Sequence[Grey], count: int) -> list[Grey]:
    """So many of every fourth picture, which is two a second."""
    few = list(shown[::STEP])
    period = few + few[-2:0:-1]
    return [period[number % len(period)] for number in range(count)]


class Watched:
    """Picture health of one camera, two pictures a second."""

    def __init__(self) -> None:
        self.health, self.now_s = PictureHealth(), 0.0
        self._chance = np.random.default_rng(1)

    def sees(self, shown: Sequence[Grey], sigma: float = 0.5) -> list[Change]:
        changes: list[Change] = []
        for picture in shown:
            seen = noisy(picture, self._chance, sigma) if sigma else picture
            changes += self.health.show(thumbnail(seen), self.now_s)
            self.now_s += EVERY_S
        return changes


def moved(share: float) -> Fault:
    def fault(picture: Grey) -> Grey:
        by = round(share * picture.shape[1])
        reflected = np.pad(picture, ((0, 0), (by, 0)), mode="reflect")
        return reflected[:, : picture.shape[1]]

    return fault


def turned(picture: Grey) -> Grey:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 5, 1.05)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned, np.uint8)


def defocused(sigma: float) -> Fault:
    return lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def gamma(power: float) -> Fault:
    return lambda picture: (255 * (picture / 255) ** power).astype(np.uint8)


FAULTS: dict[str, Fault] = {
    "black": lambda picture: np.full_like(picture, 16),
    "gamma .1": gamma(10),
    "covered, flat": lambda picture: np.full_like(picture, 90),
    "covered by a hand": lambda picture: defocused(40)(picture) // 2 + 10,
    **{f"defocus, {sigma:g} px": defocused(sigma) for sigma in (1, 1.5, 2, 3, 5, 8)},
    **{f"moved by {share:.0%}": moved(share) for share in (0.05, 0.1, 0.2, 0.3)},
    "turned by 5 degrees": turned,
    "half the light (no fault)": lambda picture: picture // 2 + 8,
    "gamma 2 (no fault)": gamma(0.5),
}


def false_reports(path: Path) -> list[Change]:
    """Of a minute of a normal video, or all of a longer one."""
    shown = pictures(path)
    return Watched().sees(back_and_forth(shown, max(120, len(shown) // STEP)))


def reported(path: Path) -> Iterator[tuple[str, Change | None]]:
    """What is reported of each fault first."""
    shown = pictures(path)
    usual, later = back_and_forth(shown, 120), back_and_forth(shown, 30)
    usually = Watched()
    usually.sees(usual)
    for name, fault in FAULTS.items():
        camera = deepcopy(usually)
        changes = camera.sees([fault(picture) for picture in later])
        yield name, changes[0] if changes else None
    yield "frozen", next(iter(usually.sees([later[0]] * 30, sigma=0)), None)


def published(path: Path, lead_clips: int = 19) -> tuple[int, int, int]:
    """Clips of the video, those of them that were withheld, and clips of the stillness before it
    that were published though nothing moved and the camera was not new.
    """
    chance, shown = np.random.default_rng(1), pictures(path)
    still = [noisy(shown[0], chance, 1.5) for _ in range(lead_clips * CLIP)]
    motion, gate = Motion(), MotionGate[None]()
    moves = [
        motion.show(thumbnail(picture), number / RATE)
        for number, picture in enumerate([*still, *shown])
    ]
    indexes: set[int] = set()
    for index in range(len(moves) // CLIP):
        clip = Clip[None](index, index * CLIP / RATE, (index + 1) * CLIP / RATE, ())
        any_moves = any(moves[index * CLIP : (index + 1) * CLIP])
        indexes |= {each.index for each in gate.take(clip, any_moves).clips}
    event = set(range(lead_clips, len(moves) // CLIP))
    opening = next((last for last, after in pairwise(sorted(indexes)) if after > last + 1), 0)
    early = [index for index in indexes if opening < index < lead_clips - ALIGNED]
    return len(event), len(event - indexes), len(early)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--footage", type=Path, default=SHARED)
    root = parser.parse_args().footage
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for path in eventful_videos(root):
        clips, withheld, early = published(path)
        kind = next(name for name in ("falls", "fights", "theft") if name in path.parts)
        by_kind[kind].update(videos=1, clips=clips, withheld=withheld, early=early)
    for kind, counts in by_kind.items():
        print(f"| {kind} | {' | '.join(str(count) for count in counts.values())} |")  # noqa: T201
    videos = normal_videos(root)
    false = [change for path in videos for change in false_reports(path)]
    print(f"{len(videos)} normal videos, {len(false)} false reports: {false}")  # noqa: T201
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for path in a_scene_each(root):
        for name, change in reported(path):
            found[name][change.condition if change else "nothing"] += 1
    for name, counts in found.items():
        print(f"| {name} | {', '.join(f'{n} {what}' for what, n in counts.most_common())} |")  # noqa: T201


if __name__ == "__main__":
    main()
