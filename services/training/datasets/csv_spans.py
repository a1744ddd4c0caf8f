"""Plain CSV: `video,start_s,end_s,label[,source]`, one row a span.

A row with a label but no times labels the whole video; a row with label `normal`, or no row at all,
means a normal video. `source` groups videos of one scene, which must not be split up.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from services.training.datasets.labelled import (
    LabelError,
    Labelled,
    Labels,
    Span,
    is_normal,
    normal,
    spanned,
    weak,
)
from services.training.datasets.lines import text

COLUMNS = ("video", "start_s", "end_s", "label")
Row = dict[str, str]


def read(path: Path, frame_rate: float = 0.0) -> Labels:
    """All rows. Raises LabelError with the line."""
    del frame_rate  # times are seconds
    reader = csv.DictReader(text(path).splitlines())
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise LabelError(f"{path}, line 1: no column {', '.join(missing)}")
    rows: dict[str, list[tuple[str, Span | str]]] = {}
    for row in reader:
        try:
            video, source, said = _row(row)
        except ValueError as error:
            raise LabelError(f"{path}, line {reader.line_num}: {error}") from error
        rows.setdefault(video, []).append((source, said))
    found = tuple(_video(path, video, said) for video, said in rows.items())
    return Labels("CSV of spans", found, others_are_normal=True)


def _row(row: Row) -> tuple[str, str, Span | str]:
    """Video, source, and what is said of it: a span, or a label of the whole."""
    values = {name: (row.get(name) or "").strip() for name in (*COLUMNS, "source")}
    video, label = values["video"], values["label"]
    if not video or not label:
        raise ValueError("a row needs a video and a label")
    times = values["start_s"], values["end_s"]
    if times == ("", ""):
        return video, values["source"], label
    if is_normal(label):
        raise ValueError("a normal video has no times")
    return video, values["source"], Span(*_times(*times), label)


def _times(start: str, end: str) -> tuple[float, float]:
    try:
        start_s, end_s = float(start), float(end)
    except ValueError:
        raise ValueError(f"times are seconds, not {start!r} and {end!r}") from None
    if not 0 <= start_s < end_s < float("inf"):
        raise ValueError(f"a span from {start} to {end} s is none")
    return start_s, end_s


def _video(path: Path, video: str, said: Iterable[tuple[str, Span | str]]) -> Labelled:
    sources = {source for source, _ in said if source}
    if len(sources) > 1:
        raise LabelError(f"{path}: {video} has several sources: {', '.join(sorted(sources))}")
    source = sources.pop() if sources else ""
    spans = [one for _, one in said if isinstance(one, Span)]
    labels = {one for _, one in said if isinstance(one, str)}
    if len(labels) > 1 or (labels and spans):
        raise LabelError(f"{path}: {video} is labelled as a whole and otherwise too")
    if spans:
        return spanned(video, spans, source)
    label = labels.pop()
    return normal(video, source) if is_normal(label) else weak(video, label, source)
