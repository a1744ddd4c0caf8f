"""A replay is started: named, estimated, kept with its sources, noted in the audit log.

The same asked for again is the same replay: one that is at work or done stays as it is, one that
failed or was cancelled goes on. What was removed is begun under another name, so that nothing of it
is mistaken for what comes.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.api import audit
from services.api.principal import Principal
from services.api.replays.choosing import chosen
from services.api.replays.detectors import judge_of
from services.api.replays.estimating import Wanted, estimate
from services.api.replays.queries import Row
from services.api.replays.tables import replay_sources, replays
from services.api.replays.views import DIGITS, EstimateView, ReplayAsked, ReplayEntry
from services.api.scores.reading import Span
from services.api.tables import NAME_CHARS

FRESH: dict[str, Any] = {
    "state": "queued",
    "windows_planned": 0,
    "windows": 0,
    "clips": 0,
    "alerts": 0,
    "refused": 0,
    "estimated_s": None,
    "elapsed_s": 0.0,
    "error": None,
    "extraction": None,
    "extracted_at": None,
    "is_cancelled": False,
    "progressed_at": None,
    "finished_at": None,
    "removed_at": None,
    "announced_at": None,
}
AGAIN = ("failed", "cancelled")
POSES = "yolov8_pose"
"""No backbone, but the network that looks for people."""


def span_of(asked: ReplayAsked, now: datetime) -> Span:
    """Nothing was seen yet of what comes after now. Raises ValueError for a stretch that has not
    begun yet.
    """
    span = Span(asked.since, min(asked.until or now, now))
    if span.until <= span.since:
        raise ValueError("The stretch must begin before it ends, and before now.")
    return span


def estimated(
    connection: Connection, principal: Principal, asked: ReplayAsked, heads: str, now: datetime
) -> tuple[Wanted, EstimateView]:
    """What is meant, and what it would take. `heads` are those of the settings.

    Raises NothingChosen, NoSuchDetector, TooManyChosen, ValueError.
    """
    span = span_of(asked, now)
    tenant_id, names = chosen(connection, principal, asked, span)
    judge = judge_of(connection, heads, tenant_id, asked.detector)
    if asked.input == "recordings" and judge.backbone == POSES:
        raise ValueError("People in recordings are not looked for anew: take the log or archive.")
    wanted = Wanted(tenant_id, names, span, judge, asked.input, asked.windows_per_s)
    return wanted, estimate(connection, wanted)


def start(
    connection: Connection, principal: Principal, entry: ReplayEntry, heads: str, now: datetime
) -> tuple[str, bool]:
    """The run, and whether it begins (again). The caller has it announced once its transaction is
    over. Raises as `estimated`.
    """
    wanted, expected = estimated(connection, principal, entry, heads, now)
    run, before = _place(connection, entry.name, wanted)
    row = _row(run, wanted, expected, principal, now)
    if before is None:
        before = _inserted(connection, row, wanted.source_ids)
    if before is not None:
        if before["state"] not in AGAIN:
            return run, False
        begin_again(connection, before, row)
    detail = {
        "detector": wanted.judge.detector,
        "input": wanted.input,
        "sources": len(wanted.source_ids),
    }
    detail |= {"since": wanted.span.since, "until": wanted.span.until}
    audit.record(connection, principal, "replay.started", run, detail, tenant_id=wanted.tenant_id)
    return run, True


def run_of(name: str, wanted: Wanted, removed: int = 0) -> str:
    """Made of the name and all that is asked for, so that no two replays share one, of whichever
    tenant; the same has the same, once more for each time that it was removed.
    """
    span, judge = wanted.span, wanted.judge
    parts = [str(wanted.tenant_id), judge.detector, judge.backbone, wanted.input, str(removed)]
    parts += [moment.isoformat() for moment in (span.since, span.until)]
    content = "\x1f".join([*parts, *wanted.source_ids])
    return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:DIGITS]}"


def _place(connection: Connection, name: str, wanted: Wanted) -> tuple[str, Row | None]:
    """The run that is meant, and what there is of it, locked."""
    for removed in count():
        run = run_of(name, wanted, removed)
        before = _locked(connection, run)
        if before is None or before["removed_at"] is None:
            break
    return run, before


def _row(
    run: str,
    wanted: Wanted,
    expected: EstimateView,
    principal: Principal,
    now: datetime,
) -> dict[str, Any]:
    judge = wanted.judge
    return FRESH | {
        "run": run,
        "tenant_id": str(wanted.tenant_id),
        "since_at": wanted.span.since,
        "until_at": wanted.span.until,
        "detector": judge.detector,
        "package": judge.package.model_dump(mode="json") if judge.package else None,
        "backbone": judge.backbone,
        "input": wanted.input,
        "windows_per_s": wanted.windows_per_s,
        "source_count": len(wanted.source_ids),
        "windows_estimated": expected.windows,
        "seconds_estimated": expected.seconds,
        "requested_by": principal.actor.name[:NAME_CHARS],
        "requested_at": now,
    }


def _locked(connection: Connection, run: str) -> Row | None:
    query = select(replays).where(replays.c.run == run).with_for_update()
    return connection.execute(query).mappings().first()


def _inserted(connection: Connection, row: dict[str, Any], source_ids: Sequence[str]) -> Row | None:
    """None once it is kept; the row there is when another came in this very moment."""
    try:
        with connection.begin_nested():
            connection.execute(insert(replays).values(row))
    except IntegrityError:
        return _locked(connection, row["run"])
    _keep_sources(connection, row["run"], source_ids)
    return None


def begin_again(connection: Connection, before: Row, values: dict[str, Any]) -> None:
    """With those values of it; what is told of the time before counts no more."""
    later = max(values["requested_at"], before["requested_at"] + timedelta(microseconds=1))
    mine = replays.c.run == before["run"]
    connection.execute(update(replays).where(mine).values(values | {"requested_at": later}))


def _keep_sources(connection: Connection, run: str, source_ids: Sequence[str]) -> None:
    rows = [{"run": run, "source_id": name} for name in source_ids]
    connection.execute(insert(replay_sources), rows)
