"""What a replay would take: windows counted in what is stored, times a rate that was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from services.api.replays.counting import clips_scored, seconds_recorded
from services.api.replays.detectors import Judge
from services.api.replays.tables import replays
from services.api.replays.views import EstimateView
from services.api.scores.reading import Span
from services.api.tables import sources

LATEST = 5
"""So many finished replays tell the rate: the machine, or its load, may have changed since."""
LEAST_WINDOWS = 1_000
"""A shorter replay tells of starting rather than of judging."""
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Wanted:
    """What is to be estimated."""

    tenant_id: UUID
    source_ids: Sequence[str]
    span: Span
    judge: Judge
    input: str
    windows_per_s: float | None


def estimate(connection: Connection, wanted: Wanted) -> EstimateView:
    """Reads counts alone: seconds for a month of a hundred cameras."""
    notes: list[str] = []
    clips = _clips(connection, wanted, notes)
    finished = _finished(connection, wanted)
    windows = round(clips / clips_a_window(wanted.judge, finished))
    rate = _rate(finished)
    if rate is None:
        notes.append("No replay by a detector of that kind was finished yet: its rate is unknown.")
    extraction_s = _extraction_s(connection, wanted, clips, notes)
    judging_s = _judging_s(windows, rate, wanted.windows_per_s)
    is_known = judging_s is not None and (extraction_s is not None or not _is_anew(wanted))
    return EstimateView(
        sources=len(wanted.source_ids),
        clips=round(clips),
        windows=windows,
        windows_per_s=rate,
        measured_by=len(finished),
        seconds=(judging_s or 0.0) + (extraction_s or 0.0) if is_known else None,
        extraction_s=extraction_s,
        notes=notes,
    )


def clips_a_window(judge: Judge, finished: Sequence[Row]) -> float:
    """How many clips a window scores: as measured, else windows without overlap."""
    clips, windows = (sum(row[name] for row in finished) for name in ("clips", "windows"))
    return clips / windows if clips and windows else float(judge.window)


def _clips(connection: Connection, wanted: Wanted, notes: list[str]) -> float:
    if _is_anew(wanted):
        recorded = seconds_recorded(connection, wanted.source_ids, wanted.span)
        others = [name for name in wanted.source_ids if name not in recorded]
        uploaded = clips_scored(connection, _uploads(connection, others), wanted.span)
        if lacking := len(others) - len(uploaded):
            notes.append(f"{lacking} of the sources have no recordings of that time.")
        return sum(recorded.values()) / wanted.judge.spec.hop_s + sum(uploaded.values())
    seen = clips_scored(connection, wanted.source_ids, wanted.span, wanted.judge.backbone)
    if not seen:
        notes.append(f"{wanted.judge.backbone} saw nothing of that stretch that was scored.")
    return sum(seen.values())


def _uploads(connection: Connection, source_ids: Sequence[str]) -> list[str]:
    """Those of them that are uploads: their files are there, whatever was recorded."""
    mine = sources.c.source_id.in_(source_ids), sources.c.source_kind == "upload"
    return list(connection.scalars(select(sources.c.source_id).where(*mine)))


def _is_anew(wanted: Wanted) -> bool:
    return wanted.input == "recordings"


def _finished(connection: Connection, wanted: Wanted) -> list[Row]:
    """The tenant's latest by heads of the same architecture over the same backbone."""
    columns, judge = replays.c, wanted.judge
    query = (
        select(columns.windows, columns.clips, columns.elapsed_s, columns.detector)
        .where(
            columns.tenant_id == str(wanted.tenant_id),
            columns.state == "done",
            columns.backbone == judge.backbone,
            columns.windows >= LEAST_WINDOWS,
            columns.elapsed_s > 0,
            columns.windows_per_s.is_(None),  # else it tells of its bound
        )
        .order_by(columns.finished_at.desc())
        .limit(10 * LATEST)
    )
    rows: list[Row] = list(connection.execute(query).mappings())
    return [row for row in rows if _kind(row["detector"]) == _kind(judge.detector)][:LATEST]


def _kind(detector: str) -> str:
    """`linear` of linear-5d1f3c0a, `2-heads` of several: what decides about the rate."""
    return detector.rpartition("-")[0]


def _rate(finished: Sequence[Row]) -> float | None:
    """Windows a second of work. Weighted by how long each took."""
    elapsed_s = sum(row["elapsed_s"] for row in finished)
    return sum(row["windows"] for row in finished) / elapsed_s if elapsed_s else None


def _judging_s(windows: int, rate: float | None, bound: float | None) -> float | None:
    if rate is None:
        return None
    return windows / (min(rate, bound) if bound else rate)


def _extraction_s(
    connection: Connection, wanted: Wanted, clips: float, notes: list[str]
) -> float | None:
    """By the tenant's latest extractions for that backbone."""
    if not _is_anew(wanted):
        return None
    columns = replays.c
    query = select(columns.extraction).where(
        columns.tenant_id == str(wanted.tenant_id),
        columns.backbone == wanted.judge.backbone,
        columns.extracted_at.is_not(None),
    )
    latest = connection.scalars(query.order_by(columns.extracted_at.desc()).limit(LATEST)).all()
    elapsed_s = sum(each["elapsed_s"] for each in latest)
    embedded = sum(each["clips"] for each in latest)
    if not embedded or not elapsed_s:
        notes.append("No recordings were embedded by that backbone yet: its rate is unknown.")
        return None
    return float(clips * elapsed_s / embedded)
