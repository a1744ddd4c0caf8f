"""What a row keeps when older or later news of it comes in: pure SQL expressions by column.

The order of the columns matters (see `upserts`): guards come last.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, or_

from services.api.tables import deliveries
from services.api.upserts import Change, Rule, first_known, greatest, keep, least, replace

# Written out, not bound: PyMySQL sends many rows in one statement only if nothing but the row
# itself has parameters.
DONE: ColumnElement[str] = literal_column("'done'")
CLOSED: ColumnElement[str] = literal_column("'closed'")


SOURCE_RULES: Mapping[str, Rule] = {"is_being_removed": keep}
"""What is known of a source stays; a stub is only put where there is nothing."""

RUN_RULES: Mapping[str, Rule] = {
    "first_at": least,
    "last_at": greatest,
    "last_end_s": greatest,
    "is_over": greatest,
    "alerts_opened": greatest,
    "heard_at": greatest,
}


def _is_newer(change: Change) -> ColumnElement[bool]:
    stored = change.old("progressed_at")
    return or_(stored.is_(None), change.new("progressed_at") >= stored)


def _newer(change: Change, name: str) -> ColumnElement[Any]:
    return case((_is_newer(change), change.new(name)), else_=change.old(name))


def _newer_known(change: Change, name: str) -> ColumnElement[Any]:
    """As `_newer`, but a missing value never takes the place of a known one."""
    new, old = change.new(name), change.old(name)
    return case(
        (_is_newer(change), func.coalesce(new, old)),
        else_=func.coalesce(old, new),
    )


def _newer_unless_done(change: Change, name: str) -> ColumnElement[Any]:
    """A finished analysis stays finished: a job that starts again after it changes nothing."""
    wanted = and_(change.old("state") != DONE, _is_newer(change))
    return case((wanted, change.new(name)), else_=change.old(name))


VIDEO_RULES: Mapping[str, Rule] = {
    "playable_key": _newer_known,
    "duration_s": _newer_known,
    "width": _newer_known,
    "height": _newer_known,
    "frame_rate": _newer_known,
    "codec": _newer_known,
    "decoded": _newer_unless_done,
    "clip_count": greatest,
    "error": _newer_unless_done,
    "finished_at": _newer_unless_done,
    "state": _newer_unless_done,
    "progressed_at": greatest,
}


def _higher_peak(change: Change, name: str) -> ColumnElement[Any]:
    higher = change.new("peak_score") > change.old("peak_score")
    return case((higher, change.new(name)), else_=change.old(name))


def _end(change: Change, name: str) -> ColumnElement[Any]:
    """The end told when the episode closed is final; until then it only grows."""
    new, old = change.new(name), change.old(name)
    return case(
        (change.new("state") == CLOSED, new),
        (change.old("state") == CLOSED, old),
        (new > old, new),
        else_=old,
    )


def _closed_for_good(change: Change, name: str) -> ColumnElement[Any]:
    return case((change.old(name) == CLOSED, change.old(name)), else_=change.new(name))


ALERT_RULES: Mapping[str, Rule] = {
    "peak_s": _higher_peak,
    "peak_index": _higher_peak,
    "peak_score": greatest,
    "end_s": _end,
    "ended_at": _end,
    "reason": first_known,
    "state": _closed_for_good,
}
DELIVERY_RULES: Mapping[str, Rule] = {
    column.name: replace for column in deliveries.columns if not column.primary_key
}
