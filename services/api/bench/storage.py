"""Measures the tables with many cameras in them: bytes, times, and how the database answers."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic_core import to_json
from sqlalchemy import Connection, Engine, event, text

from services.api.bench.cameras import BEGIN, DAY, Camera, fill
from services.api.cursors import Cursor
from services.api.principal import Principal
from services.api.queries.alerts import AlertFilter, alert_page
from services.api.queries.sources import SourceFilter, Stretch, source_page, timeline
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade

OWNER = Principal()
Question = Callable[[Connection, Camera, int], Any]


@dataclass(frozen=True)
class Plan:
    """How much of it. A client asks `rounds` times, `pause_s` after each answer."""

    cameras: int = 100
    days: int = 30
    clients: int = 50
    rounds: int = 6
    pause_s: float = 5.0


def camera_day(connection: Connection, camera: Camera, day: int) -> Any:
    """A day as the page shows it: by minutes, with its alerts."""
    return _timeline(connection, camera, Stretch(BEGIN + day * DAY, BEGIN + (day + 1) * DAY))


def camera_hours(connection: Connection, camera: Camera, day: int) -> Any:
    """Three hours of it, clip by clip."""
    since = BEGIN + day * DAY
    return _timeline(connection, camera, Stretch(since, since + timedelta(hours=3)))


def camera_month(connection: Connection, camera: Camera, _: int) -> Any:
    """All of it, by minutes: 43,200 of them in a month."""
    return _timeline(connection, camera, Stretch(resolution="minute"))


def open_alerts(connection: Connection, _: Camera, day: int) -> Any:
    """The second page of what is open anywhere, newest first."""
    after = Cursor(BEGIN + (day + 1) * DAY, "")
    return alert_page(connection, OWNER, AlertFilter(state="open"), 50, after).model_dump_json()


def alerts_of_day(connection: Connection, camera: Camera, day: int) -> Any:
    """Those of one camera on one day."""
    since = BEGIN + day * DAY
    wanted = AlertFilter(camera.uuid, since=since, until=since + DAY)
    return alert_page(connection, OWNER, wanted, 50, None).model_dump_json()


def all_sources(connection: Connection, *_: object) -> Any:
    return source_page(connection, OWNER, SourceFilter("camera"), 50, None).model_dump_json()


QUESTIONS: dict[str, Question] = {
    "camera_day": camera_day,
    "camera_hours": camera_hours,
    "camera_month": camera_month,
    "open_alerts": open_alerts,
    "alerts_of_day": alerts_of_day,
    "sources": all_sources,
}


def _timeline(connection: Connection, camera: Camera, stretch: Stretch) -> bytes:
    return to_json(timeline(connection, OWNER, camera.uuid, stretch))


def measure(url: str, plan: Plan, report: Callable[[str], None]) -> dict[str, Any]:
    """Fill the empty database at `url`, then ask. Times in ms; `report` hears how far it is."""
    upgrade(url)
    engine = database.connect(url)
    begun = time.monotonic()
    scores = 0
    for done, clips in fill(engine, plan.cameras, plan.days):
        scores += clips
        report(f"{done} of {plan.cameras} cameras, {time.monotonic() - begun:.0f} s")
    result: dict[str, Any] = {
        "cameras": plan.cameras,
        "days": plan.days,
        "scores": scores,
        "fill_s": round(time.monotonic() - begun, 1),
        "bytes_per_camera_month": _bytes(engine) // plan.cameras * 30 // plan.days,
    }
    for name, question in QUESTIONS.items():
        report(name)
        result[f"{name}_alone_ms"] = _quantiles(_ask_alone(engine, plan, question))
        result[f"{name}_ms"] = _quantiles(_ask_together(engine, plan, question))
    engine.dispose()
    return result


def _bytes(engine: Engine) -> int:
    """Of the tables that grow with the scores, on disk."""
    if engine.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        with engine.connect() as connection:
            return int(connection.scalar(text(query)) or 0)
    query = (
        "SELECT SUM(file_size) FROM information_schema.innodb_sys_tablespaces"
        " WHERE name IN (CONCAT(DATABASE(), '/score_blocks'), CONCAT(DATABASE(), '/score_hours'),"
        " CONCAT(DATABASE(), '/score_series'))"
    )
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def _ask_alone(engine: Engine, plan: Plan, question: Question) -> list[float]:
    chance = np.random.default_rng(1)
    return [_ask(engine, plan, question, chance) for _ in range(plan.rounds * 5)]


def _ask_together(engine: Engine, plan: Plan, question: Question) -> list[float]:
    """All clients side by side, each asking again some seconds after its answer."""
    taken: list[float] = []

    def client(number: int) -> None:
        chance = np.random.default_rng((2, number))
        time.sleep(float(chance.uniform(0, plan.pause_s)))
        for _ in range(plan.rounds):
            taken.append(_ask(engine, plan, question, chance))
            time.sleep(plan.pause_s)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(plan.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def _ask(engine: Engine, plan: Plan, question: Question, chance: np.random.Generator) -> float:
    camera = Camera(int(chance.integers(plan.cameras)))
    day = int(chance.integers(plan.days))
    begun = time.perf_counter()
    with engine.connect() as connection:
        question(connection, camera, day)
    return (time.perf_counter() - begun) * 1000


def _quantiles(taken: list[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.quantile(taken, 0.5)), 1),
        "p95": round(float(np.quantile(taken, 0.95)), 1),
    }


def explanations(url: str) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Each statement that each question makes, and the rows that EXPLAIN gives of it."""
    engine = database.connect(url)
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    for name, question in QUESTIONS.items():
        with engine.connect() as connection:
            with _listening(engine) as said:
                question(connection, Camera(0), 0)
            for statement, parameters in dict(said).items():
                cursor = connection.exec_driver_sql(f"{explain} {statement}", parameters)
                yield name, statement, [dict(row) for row in cursor.mappings()]
    engine.dispose()


@contextmanager
def _listening(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    said: list[tuple[str, Any]] = []

    def listen(*args: Any) -> None:
        said.append((args[2], args[3]))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m services.api.bench.storage")
    parser.add_argument("url", help="of an empty database")
    parser.add_argument("--cameras", type=int, default=Plan.cameras)
    parser.add_argument("--days", type=int, default=Plan.days)
    asked = parser.parse_args()
    plan = Plan(asked.cameras, asked.days)
    result = measure(asked.url, plan, lambda line: print(line, file=sys.stderr))  # noqa: T201
    print(json.dumps(result, indent=2))  # noqa: T201
    for name, statement, rows in explanations(asked.url):
        print(f"-- {name}: {' '.join(statement.split())}")  # noqa: T201
        for row in rows:
            print(f"--   {row}")  # noqa: T201


if __name__ == "__main__":
    main()
