"""The footage that heads are trained and judged on: what is in it, and what each video shows."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Item:
    """A video. `group` names what must not be on both sides of a split."""

    name: str
    path: Path
    kind: str
    """fight, calm (normal clips beside the fights), street, room, daily, fall, shop, theft, sim."""
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
    for path in sorted((footage / "falls").glob("subject*/*/*.mp4")):
        kind = "daily" if path.parent.name == "ADL" else "fall"
        subject = path.parent.parent.name
        yield Item(f"{kind}/{subject}/{path.stem}", path, kind, subject)
    for path in sorted((footage / "theft").glob("*.mp4")):
        kind = "theft" if path.stem.startswith("theft") else "shop"
        yield Item(f"{kind}/{path.stem}", path, kind, "acted-theft")


def _fights(folder: Path) -> Iterator[Item]:
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            kind = "fight" if row["label"] == "fight" else "calm"
            yield Item(f"fights/{row['clip']}", folder / row["clip"], kind, row["source"])
