"""Which alerts of a place belong together: pure (ADR 0037).

In order of their beginnings an alert joins the incident at hand if it begins within two minutes of
the life of any alert of it, and within half an hour of its first; else it is the first of another.
The incident has the id of its first alert. So the result depends on the alerts alone, not on the
order in which they came.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

NEAR = timedelta(minutes=2)
LONGEST = timedelta(minutes=30)
"""From the first alert of an incident to the last that joins it: a busy store would have one
incident a day else."""


class Key(NamedTuple):
    """The place of an alert among those of its group."""

    started_at: datetime
    alert_id: str


@dataclass(frozen=True)
class Episode:
    """An alert as far as grouping needs it; `incident_id` is what it was given before."""

    key: Key
    ended_at: datetime
    incident_id: str | None

    @property
    def was_first(self) -> bool:
        return self.incident_id == self.key.alert_id


@dataclass(frozen=True)
class Incident:
    """What is at hand on the way through the alerts of a group."""

    first: Key
    ended_at: datetime

    @classmethod
    def of(cls, episode: Episode) -> "Incident":
        return cls(episode.key, episode.ended_at)

    @property
    def incident_id(self) -> str:
        return self.first.alert_id

    def takes(self, episode: Episode) -> bool:
        started_at = episode.key.started_at
        is_near = started_at <= self.ended_at + NEAR
        return is_near and started_at <= self.first.started_at + LONGEST

    def joined(self, episode: Episode) -> "Incident":
        return Incident(self.first, max(self.ended_at, episode.ended_at))


def following(incident: Incident | None, episode: Episode) -> Incident:
    """The incident that the next alert, in order of keys, belongs to."""
    if incident is not None and incident.takes(episode):
        return incident.joined(episode)
    return Incident.of(episode)
