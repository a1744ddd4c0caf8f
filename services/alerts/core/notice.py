"""What a channel is given to tell, and the words common to all channels."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.alerts.core import Alert


@dataclass(frozen=True)
class Notice:
    """One alert, ready to be told to one address. `snapshot` is a JPEG."""

    delivery_id: UUID
    alert: Alert
    address: str
    link: str
    told_at: datetime
    snapshot: bytes | None = None
    snapshot_key: str | None = None
    evidence_key: str | None = None
    note: str = ""


def media_time(seconds: float) -> str:
    """`0:07`, `12:34`, `1:02:03`: as players show it."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def time_range(alert: Alert) -> str:
    """The episode as far as it is known, in media time."""
    return f"{media_time(alert.start_s)} to {media_time(alert.end_s)}"


def wall_clock(alert: Alert) -> str:
    """When the episode began, where the source knows the time of day; else nothing."""
    if alert.origin_at is None:
        return ""
    began = alert.origin_at + timedelta(seconds=alert.start_s)
    return began.strftime("%Y-%m-%d %H:%M:%S UTC")


def link_to(dashboard_url: str, alert: Alert) -> str:
    """The page of the source, a little before the peak."""
    seconds = max(0, int(alert.peak_s) - 2)
    return f"{dashboard_url.rstrip('/')}/?video={alert.source_id}&t={seconds}"
