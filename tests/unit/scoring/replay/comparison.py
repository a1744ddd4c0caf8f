"""Which alerts a replay would have brought, and which it would have spared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.alerts import Alert


@dataclass(frozen=True)
class Comparison:
    """Alerts of the live run beside those of a replay, each by its latest message, in order of
    time.
    """

    kept: tuple[tuple[Alert, Alert], ...]
    """Live and replayed: the same source and rule, and at the same time."""
    come: tuple[Alert, ...]
    """Only the replay has them."""
    gone: tuple[Alert, ...]
    """Only the live run has them."""

    @property
    def is_equal(self) -> bool:
        """Whether both have the same alerts, from the same clip on, with the same peak."""
        return not (self.come or self.gone) and all(
            _essence(live) == _essence(again) for live, again in self.kept
        )


def latest(messages: Iterable[Alert]) -> list[Alert]:
    """The latest message of each alert, by the moment at which it begins."""
    found: dict[UUID, Alert] = {}
    for message in messages:
        found[message.alert_id] = message
    return sorted(found.values(), key=lambda one: (began_at(one), one.key, one.rule))


def compare(live: Sequence[Alert], replayed: Sequence[Alert]) -> Comparison:
    """Pair alerts of the same source and rule that overlap, each with one other at most."""
    left, kept, come = list(latest(live)), [], []
    for again in latest(replayed):
        match = next((one for one in left if _overlaps(one, again)), None)
        if match is None:
            come.append(again)
        else:
            left.remove(match)
            kept.append((match, again))
    return Comparison(tuple(kept), tuple(come), tuple(left))


def began_at(alert: Alert) -> datetime:
    return alert.moment(alert.start_s)


def ended_at(alert: Alert) -> datetime:
    """Of one that is still open: as far as is known."""
    return alert.moment(alert.end_s)


def _overlaps(one: Alert, other: Alert) -> bool:
    is_same = (one.source_id, one.rule) == (other.source_id, other.rule)
    return is_same and began_at(one) < ended_at(other) and began_at(other) < ended_at(one)


def _essence(alert: Alert) -> tuple[object, ...]:
    return (
        alert.source_id,
        alert.rule,
        alert.origin_at,
        round(alert.start_s, 6),
        alert.peak_index,
        round(alert.peak_score, 6),
    )
