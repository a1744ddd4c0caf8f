"""Cameras that were never there: their scores of many days, packed, by a seeded generator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, insert, select

from schemas.clips import ClipSpec
from schemas.judgements import LIVE
from services.api.reviews.incidents import group
from services.api.scores.blocks import PACKED, Scores
from services.api.scores.series import Series
from services.api.scores.writing import Block, block_row, tops_by_hour
from services.api.tables import alerts, runs, score_blocks, score_hours, score_series, sources

FAMILY = UUID("8e1c7d5a-6f0b-4f5e-9a39-2f4f6a7d9b10")
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
ALERTS_A_DAY = 20
DAY = timedelta(days=1)


class Scored(Protocol):
    """Whatever has scores for as long as one asks."""

    @property
    def series(self) -> Series: ...

    def scores(self, first: int, stop: int) -> Scores: ...


@dataclass(frozen=True)
class Camera:
    """The number decides everything about it."""

    number: int

    @property
    def uuid(self) -> UUID:
        return uuid5(FAMILY, str(self.number))

    @property
    def source_id(self) -> str:
        return str(self.uuid)

    def store(self, tenants: int) -> dict[str, str]:
        """Whose it is, of so many tenants with a store each."""
        number = self.number % tenants
        names = ("tenant_id", "tenant"), ("store_id", "store")
        return {column: str(uuid5(FAMILY, f"{kind} {number}")) for column, kind in names}

    @property
    def series(self) -> Series:
        return Series(
            source_id=self.source_id,
            run=LIVE,
            origin_at=BEGIN,
            spec=ClipSpec(),
            detector="bench",
            backbone="i3d_k400",
            head="linear",
            model_id="bench",
            rule="fight",
            label="Possible fight",
            high_mark=0.8,
        )

    def scores(self, first: int, stop: int) -> Scores:
        """Clips `first` up to `stop`: noise around a level that follows the hours of the day."""
        chance = np.random.default_rng((self.number, first))
        index_N = np.arange(first, stop, dtype=np.int64)
        day_N = self.series.start_s(index_N) / 86_400
        raw_N = -3.0 + np.sin(2 * np.pi * day_N) + chance.normal(0, 1.5, len(index_N))
        return Scores(index_N, raw_N, 1 / (1 + np.exp(-raw_N)))


def fill(engine: Engine, cameras: int, days: int, tenants: int = 3) -> Iterator[tuple[int, int]]:
    """Write the cameras one after the other; after each, how many there are and their clips."""
    for number in range(cameras):
        camera = Camera(number)
        clips = camera.series.index_from(BEGIN + days * DAY)
        with engine.begin() as connection:
            _write_source(connection, camera, days, clips, tenants)
            write_scores(connection, camera, clips)
        yield number + 1, clips


def join_stores(engine: Engine, cameras: int) -> None:
    """Give the alerts their incidents, as the projector does."""
    columns = alerts.c.source_id, alerts.c.run, alerts.c.kind, alerts.c.started_at
    query = select(*columns, alerts.c.alert_id)
    names = [Camera(number).source_id for number in range(cameras)]
    with engine.begin() as connection:
        rows = connection.execute(query.where(alerts.c.source_id.in_(names))).mappings().all()
        group(connection, rows, {})


def _write_source(
    connection: Connection, camera: Camera, days: int, clips: int, tenants: int
) -> None:
    series = camera.series
    extent = {"first_at": BEGIN, "last_at": series.moment(clips - 1)}
    common = {"source_id": camera.source_id, "source_kind": "camera", "is_wall_clock": True}
    connection.execute(
        insert(sources).values(
            common
            | camera.store(tenants)
            | {
                "name": f"Camera {camera.number}",
                "origin_at": BEGIN,
                "configured_at": BEGIN,
                "changed_at": BEGIN,
                "is_being_removed": False,
            }
        )
    )
    connection.execute(
        insert(runs).values(
            {"source_id": camera.source_id, "run": LIVE, "is_over": False, "heard_at": BEGIN}
            | {"last_end_s": 0.0, "alerts_opened": 0, "alerts_seen": 0, "alerts_closed": 0}
            | extent
        )
    )
    totals = {"series_id": series.series_id, "clips": clips, "top": 1.0}
    connection.execute(insert(score_series).values(series.row() | totals | extent))
    rows = [common | row for row in _alerts(camera, days)]
    connection.execute(insert(alerts), rows)


def _alerts(camera: Camera, days: int) -> Iterator[dict[str, Any]]:
    chance = np.random.default_rng(camera.number)
    for number, start_s in enumerate(chance.uniform(0, days * 86_400, days * ALERTS_A_DAY)):
        started_at = BEGIN + timedelta(seconds=float(start_s))
        yield {
            "alert_id": str(uuid5(FAMILY, f"{camera.number}/{number}")),
            "run": LIVE,
            "kind": "incident",
            "rule": "fight",
            "label": "Possible fight",
            "severity": "warning",
            "state": "open" if number % 50 == 0 else "closed",
            "start_s": float(start_s),
            "end_s": float(start_s) + 12.0,
            "peak_s": float(start_s) + 4.0,
            "peak_score": 0.9,
            "peak_index": int(start_s),
            "origin_at": BEGIN,
            "started_at": started_at,
            "ended_at": started_at + timedelta(seconds=12),
            "model_id": "bench",
            "recorded_at": started_at,
        }


def write_scores(connection: Connection, camera: Scored, clips: int, begin: int = 0) -> None:
    """Its clips from `begin` up to and without `clips`, packed, with the highest of minutes and
    hours; not the row of its series.
    """
    series = camera.series
    tops: dict[int, NDArray[np.float32]] = {}
    name = series.series_id
    for first in range(begin // PACKED * PACKED, clips, PACKED):
        scores = camera.scores(max(first, begin), min(first + PACKED, clips))
        row = block_row(name, series, Block(first, PACKED, scores), BEGIN)
        connection.execute(insert(score_blocks).values(row))
        for hour, minutes in tops_by_hour(series, scores).items():
            tops[hour] = np.fmax(tops[hour], minutes) if hour in tops else minutes
    rows = [
        {
            "series_id": name,
            "hour": hour,
            "top": float(np.nanmax(minutes)),
            "minutes": minutes.astype("<f4").tobytes(),
        }
        for hour, minutes in tops.items()
    ]
    connection.execute(insert(score_hours), rows)
