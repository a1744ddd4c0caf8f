"""What a row keeps when older or later news of it comes in: pure SQL expressions by column.

The order of the columns matters (see `upserts`): guards come last.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, not_, or_

from services.api.tables import cameras, deliveries
from services.api.upserts import Change, Rule, first_known, greatest, keep, least, replace

# Written out, not bound: PyMySQL sends many rows in one statement only if nothing but the row
# itself has parameters.
DONE: ColumnElement[str] = literal_column("'done'")
CLOSED: ColumnElement[str] = literal_column("'closed'")
EPOCH: ColumnElement[Any] = literal_column("'1970-01-01 00:00:00.000000'")
"""As both databases write what `rows.EPOCH` is."""


STUB_RULES: Mapping[str, Rule] = {"is_being_removed": keep}
"""What is known of a source stays; a stub is only put where there is nothing."""


def _changed_later(change: Change, name: str) -> ColumnElement[Any]:
    later = change.new("changed_at") >= change.old("changed_at")
    return case((later, change.new(name)), else_=change.old(name))


def _added_once(change: Change, name: str) -> ColumnElement[Any]:
    """When a source was added stays as it is, but for a stub, which only guesses it."""
    is_stub = change.old("changed_at") == EPOCH
    return case((is_stub, change.new(name)), else_=change.old(name))


_CONFIGURED = "source_kind tenant_id store_id name origin_at is_wall_clock recorded_at"
SOURCE_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_CONFIGURED.split(), _changed_later),
    "configured_at": _added_once,
    "changed_at": greatest,
}
CAMERA_RULES: Mapping[str, Rule] = {
    column.name: _changed_later
    for column in cameras.columns
    if not column.primary_key and column.name != "changed_at"
} | {"changed_at": greatest}


def _of_latest(change: Change, name: str) -> ColumnElement[Any]:
    later = change.new("last_at") >= change.old("last_at")
    return case((later, change.new(name)), else_=change.old(name))


RUN_RULES: Mapping[str, Rule] = {
    "last_score": _of_latest,
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


def _known_further(change: Change, name: str) -> ColumnElement[Any]:
    """News of a condition that is over change it no more, but for the same news again."""
    further = change.new("ended_at") >= change.old("ended_at")
    open_still = or_(change.new("is_over"), not_(change.old("is_over")))
    return case((and_(open_still, further), change.new(name)), else_=change.old(name))


CONDITION_RULES: Mapping[str, Rule] = {
    "detail": _known_further,
    "count": greatest,
    "ended_at": _known_further,
    "is_over": greatest,
}


def _recorded_later(change: Change, name: str) -> ColumnElement[Any]:
    later = change.new("recorded_at") >= change.old("recorded_at")
    return case((later, change.new(name)), else_=change.old(name))


SEGMENT_RULES: Mapping[str, Rule] = {
    "object_key": first_known,
    "is_gone": _recorded_later,
    "size_bytes": _recorded_later,
    "ended_at": _recorded_later,
    "recorded_at": greatest,
}
DELIVERY_RULES: Mapping[str, Rule] = {
    column.name: replace for column in deliveries.columns if not column.primary_key
}
