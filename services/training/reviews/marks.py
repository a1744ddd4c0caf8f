"""What people said, as spans of sources: from rows of the API's `/alerts` and `/missed-events`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Meaning = Literal["event", "normal", "unclear"]
"""Unclear is whatever may hold an event that nobody named: it teaches nothing, and is not quiet."""
NORMAL = "normal"
"""The label of a moment that somebody looked at, and in which nothing happened."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """One span of a source. `name` is the id of the alert or of the report that it comes from."""

    name: str
    source_id: UUID
    since: datetime
    until: datetime
    meaning: Meaning


def marks_of(alerts: Iterable[Row], reports: Iterable[Row], label: str) -> list[Mark]:
    """Marks for a head that is to find `label`, in order of time.

    A report that puts an alert right counts instead of it. Events are true alerts of the label's
    rule, and reports of it; normal are false alarms of that rule, and moments reported as normal.
    That an alarm of another rule was false says nothing of this label.
    """
    given = list(reports)
    corrected = {row["alert_id"] for row in given} - {None}
    marks = [
        _mark(row["alert_id"], row, (row["started_at"], row["ended_at"]), _of_alert(row, label))
        for row in alerts
        if row["kind"] == "incident" and row["alert_id"] not in corrected
    ]
    marks += [
        _mark(row["event_id"], row, (row["since"], row["until"]), _of_report(row, label))
        for row in given
    ]
    return sorted(marks, key=lambda mark: (mark.since, mark.name))


def _of_alert(row: Row, label: str) -> Meaning:
    verdict = row["review"]["verdict"]
    if row["rule"] != label or verdict is None:
        return "unclear"
    return "event" if verdict == "true" else "normal"


def _of_report(row: Row, label: str) -> Meaning:
    if row["label"] == label:
        return "event"
    return "normal" if row["label"] == NORMAL else "unclear"


def _mark(name: str, row: Row, span: tuple[str, str], meaning: Meaning) -> Mark:
    since, until = map(datetime.fromisoformat, span)
    return Mark(name, UUID(row["source_id"]), since, until, meaning)
