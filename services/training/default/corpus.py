"""The footage that heads are trained and judged on: what is in it, and what each video shows."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FALLING = re.compile(r"Fall\w*\s*\(\w+\)\s*\[\s*([\d.]+)\s+to\s")
"""In GMDCSA24's list of classes, `Falling (BW)[1.5 to 5]`: when a fall starts, in seconds."""
FALL_S = 1.5
"""From standing to lying."""
THEFT_GROUP = 10
"""Acted clips with near numbers show the same take: so many numbers are one group."""


@dataclass(frozen=True, slots=True)
class Item:
    """A video. `group` names what must not be on both sides of a split."""

    name: str
    path: Path
    kind: str
    """fight and calm (normal clips beside them), fall and daily, theft and shop, each pair from the
    same cameras; street, room; sim.
    """
    group: str
    incidents: tuple[tuple[float, float], ...] | None = None
    """Known spans of an incident; None where the kind tells it for the whole video."""


def items(footage: Path, street: Path | None = None) -> Iterator[Item]:
    """Every video of the footage folder, and `street` (OpenCV's vtest.avi) where it is given."""
    yield from _fights(footage / "fights")
    room = footage / "normal" / "one-by-one-person-detection.mp4"
    yield Item("room/one-by-one", room, "room", "one-by-one")
    if street is not None:
        yield Item("street/vtest", street, "street", "vtest")
    for subject in sorted((footage / "falls").glob("subject*")):
        yield from _falls(subject)
    for path in sorted((footage / "theft").glob("*.mp4")):
        kind = "theft" if path.stem.startswith("theft") else "shop"
        block = int(path.stem.split("_")[1]) // THEFT_GROUP
        yield Item(f"{kind}/{path.stem}", path, kind, f"{kind}-{block}")


def _fights(folder: Path) -> Iterator[Item]:
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            kind = "fight" if row["label"] == "fight" else "calm"
            yield Item(f"fights/{row['clip']}", folder / row["clip"], kind, row["source"])


def _falls(subject: Path) -> Iterator[Item]:
    starts = _fall_starts(subject / "Fall.csv")
    for path in sorted(subject.glob("*/*.mp4")):
        name = f"{subject.name}/{path.stem}"
        if path.parent.name == "ADL":
            yield Item(f"daily/{name}", path, "daily", subject.name)
        else:
            start_s = starts[path.name]
            span = (start_s, start_s + FALL_S)
            yield Item(f"fall/{name}", path, "fall", subject.name, (span,))


def _fall_starts(path: Path) -> dict[str, float]:
    with path.open(newline="") as file:
        rows = [(row[0], FALLING.search(row[-1])) for row in csv.reader(file)]
    return {name: float(found[1]) for name, found in rows if found}
