"""AI-Hub's store footage (71549 normal, 71550 abnormal): CVAT-for-video XML, a file a video.

A track whose label ends `_start` or `_end` marks a moment by the frame of its first box; a start
and the next end of the same name make a span. Frames count at 30 a second. Files with a document
type are refused before they are parsed, so that entities can neither grow nor fetch.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from services.training.datasets.labelled import (
    LabelError,
    Labelled,
    Labels,
    Span,
    normal,
    spanned,
)
from services.training.datasets.lines import text

FRAME_RATE = 30.0
MARK = re.compile(r"(?P<label>.+)_(?P<edge>start|end)$")
SESSION = re.compile(r"C_\d+_\d+_\d+_(?P<session>[A-Z]+_[A-Z]+_\d\d-\d\d)_")
"""Place, actors and day in a file's name: C_3_12_16_BU_SMB_09-01_14-40-24_CD_RGB_DF2_F2."""

Mark = tuple[int, str, str]
"""(frame, the label without its ending, track)."""


def read(path: Path, frame_rate: float = FRAME_RATE) -> Labels:
    """One XML file, or all below a folder. Raises LabelError."""
    files = [path] if path.is_file() else sorted(path.rglob("*.xml"))
    root = path.parent if path.is_file() else path
    return Labels("AI-Hub store XML", tuple(_video(one, root, frame_rate) for one in files))


def _video(path: Path, root: Path, frame_rate: float) -> Labelled:
    video = path.relative_to(root).with_suffix("").as_posix()
    match = SESSION.search(path.stem)
    source = match["session"] if match else video
    starts, ends = _marks(path)
    spans = list(_paired(path, starts, ends, frame_rate))
    return spanned(video, spans, source) if spans else normal(video, source)


def _marks(path: Path) -> tuple[list[Mark], list[Mark]]:
    """Starts and ends, each in the order of time."""
    found: dict[str, list[Mark]] = {"start": [], "end": []}
    for track in _root(path).iter("track"):
        match = MARK.match(track.get("label", ""))
        if match:
            mark = _first_frame(path, track), match["label"], _named(track)
            found[match["edge"]].append(mark)
    return sorted(found["start"]), sorted(found["end"])


def _paired(path: Path, starts: list[Mark], ends: list[Mark], frame_rate: float) -> Iterator[Span]:
    """A start and the first end after it that has its name."""
    left = list(ends)
    for at, label, track in starts:
        end = next((mark for mark in left if mark[1] == label and mark[0] > at), None)
        if end is None:
            raise LabelError(f"{path}: {track} starts at frame {at} and never ends")
        left.remove(end)
        yield Span(at / frame_rate, end[0] / frame_rate, label)
    if left:
        raise LabelError(f"{path}: {left[0][2]} ends at frame {left[0][0]} and never starts")


def _first_frame(path: Path, track: ElementTree.Element) -> int:
    try:
        return min(int(box.attrib["frame"]) for box in track.iter("box"))
    except (KeyError, ValueError) as error:
        raise LabelError(f"{path}: {_named(track)} has no box with a frame: {error}") from error


def _root(path: Path) -> ElementTree.Element:
    content = text(path)
    if "<!DOCTYPE" in content or "<!ENTITY" in content:
        raise LabelError(f"{path} declares a document type; labels have none")
    try:
        # Without a document type there are no entities but the five of XML itself.
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise LabelError(f"{path} is no XML: {error}") from error
    if root.tag != "annotations":
        raise LabelError(f"{path} is no CVAT export: it starts with <{root.tag}>")
    return root


def _named(track: ElementTree.Element) -> str:
    return f"track {track.get('id', '?')} ({track.get('label', '')})"
