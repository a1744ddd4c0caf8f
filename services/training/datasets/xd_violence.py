"""XD-Violence (Wu et al., ECCV 2020): what a video shows stands in its name.

`FILM__#00-26-51_00-27-53_label_B2-0-0`: A is normal, B1 fighting, B2 shooting, B4 riot, B5 abuse,
B6 car accident, G explosion. `annotations.txt` adds spans in frames at 24 a second, and names only
what is not normal. Videos of one film share a source.
"""

import re
from pathlib import Path

from services.training.datasets.labelled import (
    Labelled,
    Labels,
    Span,
    normal,
    spanned,
    stem,
    unique,
    weak,
)
from services.training.datasets.lines import each, frame, pairs

FRAME_RATE = 24.0
CLASSES = {
    "B1": "fighting",
    "B2": "shooting",
    "B4": "riot",
    "B5": "abuse",
    "B6": "car accident",
    "G": "explosion",
}
NAMED = re.compile(r"(?P<source>[^/]+?)__.*_label_(?P<codes>[ABG0-9]+(-[ABG0-9]+)*)(__\d)?$")


def read_list(path: Path, frame_rate: float = FRAME_RATE) -> Labels:
    """Videos, or feature files, by their names. Raises LabelError."""
    del frame_rate  # a list has no times
    found = {one.video: one for one in each(path, lambda parts: named(" ".join(parts)))}
    return Labels("XD-Violence list", tuple(found.values()))


def read_spans(path: Path, frame_rate: float = FRAME_RATE) -> Labels:
    """Videos with spans; those that are not named, but whose name says so, are normal."""
    found = each(path, lambda parts: _spanned(parts, frame_rate))
    return Labels("XD-Violence annotations", unique(found, str(path)), others_are_normal=True)


def named(video: str) -> Labelled:
    """What the name says. Raises ValueError. The number of a crop is no part of the name."""
    name = re.sub(r"__\d$", "", stem(video))
    match = NAMED.search(name)
    if match is None:
        raise ValueError(f"{video} has no label in its name (…_label_B1-0-0)")
    codes = [code for code in match["codes"].split("-") if code != "0"]
    unknown = [code for code in codes if code not in (*CLASSES, "A")]
    if unknown or not codes:
        raise ValueError(f"{video}: {'-'.join(unknown) or 'nothing'} is no class of XD-Violence")
    source = match["source"]
    return normal(name, source) if codes == ["A"] else weak(name, CLASSES[codes[0]], source)


def _spanned(parts: list[str], frame_rate: float) -> Labelled:
    one = named(parts[0])
    spans = pairs([frame(word) for word in parts[1:]])
    if not spans or one.is_normal:
        raise ValueError("expected a video that is not normal, and pairs of frames")
    found = [Span(a / frame_rate, b / frame_rate, one.label) for a, b in spans]
    return spanned(one.video, found, one.source)
