"""How many clips of a stretch were scored: counted in packed blocks, without unpacking any.

Of a block that reaches over an end of the stretch the clips are taken to lie evenly from the first
that the run scored to the last: where there are gaps, it is wrong by less than a
block of each source.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from schemas.judgements import LIVE
from services.api.scores.reading import Span
from services.api.tables import score_blocks, score_series, segments

SOURCES_A_QUERY = 500
Row = Mapping[Any, Any]


def clips_scored(
    connection: Connection,
    source_ids: Sequence[str],
    span: Span,
    backbone: str | None = None,
    run: str = LIVE,
) -> dict[str, float]:
    """By source. A clip has a score of each rule's head: the rule with most clips counts. With a
    backbone only clips that it saw.
    """
    by_rule: dict[tuple[str, str], float] = defaultdict(float)
    for row in _blocks(connection, source_ids, span, backbone, run):
        by_rule[row["source_id"], row["rule"]] += row["clips"] * _share_inside(row, span)
    return _most(by_rule.items())


def seconds_scored(
    connection: Connection, source_ids: Sequence[str], span: Span, run: str
) -> dict[str, float]:
    """As `clips_scored`, how much time they cover."""
    by_rule: dict[tuple[str, str], float] = defaultdict(float)
    for row in _blocks(connection, source_ids, span, None, run):
        clips = row["clips"] * _share_inside(row, span)
        by_rule[row["source_id"], row["rule"]] += clips * row["hop"] / row["frame_rate"]
    return _most(by_rule.items())


def seconds_recorded(
    connection: Connection, source_ids: Sequence[str], span: Span
) -> dict[str, float]:
    """By camera, how much of the stretch lies in the object store."""
    columns, found = segments.c, defaultdict[str, float](float)
    for some in _some(source_ids):
        query = select(columns.source_id, columns.started_at, columns.ended_at).where(
            columns.source_id.in_(some),
            columns.started_at < span.until,
            columns.ended_at > span.since,
            columns.object_key.is_not(None),
        )
        for row in connection.execute(query):
            inside = min(row.ended_at, span.until) - max(row.started_at, span.since)
            found[row.source_id] += inside.total_seconds()
    return dict(found)


def _blocks(
    connection: Connection,
    source_ids: Sequence[str],
    span: Span,
    backbone: str | None,
    run: str,
) -> Iterator[Row]:
    series, blocks = score_series.c, score_blocks.c
    for some in _some(source_ids):
        query = (
            select(
                series.source_id,
                series.rule,
                series.origin_at,
                series.first_at,
                series.hop,
                series.frame_rate,
                blocks.first_index,
                blocks.span,
                blocks.clips,
                blocks.ends_at,
            )
            .select_from(score_series.join(score_blocks, blocks.series_id == series.series_id))
            .where(
                series.source_id.in_(some),
                series.run == run,
                series.last_at >= span.since,
                series.first_at < span.until,
                blocks.ends_at > span.since,
            )
        )
        if backbone is not None:
            query = query.where(series.backbone == backbone)
        yield from connection.execute(query).mappings()


def _share_inside(row: Row, span: Span) -> float:
    """Of its clips. One that is not full yet ends with the latest of them, and that in which a run
    begins has none before the run's first.
    """
    hop_s = row["hop"] / row["frame_rate"]
    opens = row["origin_at"] + timedelta(seconds=row["first_index"] * hop_s)
    ends = min(opens + timedelta(seconds=row["span"] * hop_s), row["ends_at"])
    begins = max(opens, row["first_at"])
    lasts_s = max(hop_s, _seconds(ends, begins))
    before_s = max(0.0, _seconds(span.since, begins))
    after_s = max(0.0, lasts_s - _seconds(span.until, begins))
    return float(max(0.0, lasts_s - before_s - after_s) / lasts_s)


def _seconds(moment: datetime, since: datetime) -> float:
    return (moment - since).total_seconds()


def _most(by_rule: Iterable[tuple[tuple[str, str], float]]) -> dict[str, float]:
    most: dict[str, float] = {}
    for (source_id, _), clips in by_rule:
        most[source_id] = max(most.get(source_id, 0.0), clips)
    return most


def _some(source_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(source_ids), SOURCES_A_QUERY):
        yield source_ids[start : start + SOURCES_A_QUERY]
