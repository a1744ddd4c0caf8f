"""What a channel is given to send, and the words common to all channels."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from schemas.alerts import Alert
from schemas.deliveries import Purpose
from services.alerts.core.deliveries import Target


@dataclass(frozen=True)
class Member:
    """One alert of a digest."""

    delivery_id: UUID
    alert: Alert
    source_name: str


@dataclass(frozen=True)
class Notice:
    """One alert, ready for one target. `snapshot` is a JPEG; `amends` names the first delivery
    when this is the second mail, which brings the picture.
    """

    delivery_id: UUID
    alert: Alert
    target: Target
    opened_at: datetime
    source_name: str = ""
    dashboard_url: str = ""
    snapshot: bytes | None = None
    note: str = ""
    amends: UUID | None = None
    purpose: Purpose = "alert"
    acknowledge_url: str = ""
    """Lets its bearer acknowledge the alert; of mails and chat alone."""
    members: tuple[Member, ...] = ()
    """The alerts of a digest, in order."""

    def of(self, member: Member) -> "Notice":
        """One alert of the digest by itself."""
        return replace(
            self,
            delivery_id=member.delivery_id,
            alert=member.alert,
            source_name=member.source_name,
            purpose="alert",
            members=(),
        )

    @property
    def source(self) -> str:
        """What people call the source, never its id."""
        if self.source_name:
            return one_line(self.source_name)
        return "a camera" if self.alert.source_kind == "camera" else "an uploaded video"

    @property
    def is_health(self) -> bool:
        """Of the state of a camera, not of what it shows: there is no picture of it."""
        return self.alert.kind == "health"

    @property
    def link(self) -> str:
        """The alert's page; of a test that of its target, since there is no alert."""
        if self.purpose == "test":
            return f"{self._base}/channels/{self.target.target_id}"
        return f"{self._base}/alerts/{self.alert.alert_id}"

    @property
    def snapshot_url(self) -> str:
        """Where the picture will be; 404 until it is made."""
        return f"{self._base}/api/v1/alerts/{self.alert.alert_id}/snapshot"

    @property
    def evidence_url(self) -> str:
        """Where the video will be; 404 until it is made."""
        return f"{self._base}/api/v1/alerts/{self.alert.alert_id}/evidence"

    @property
    def _base(self) -> str:
        return self.dashboard_url.rstrip("/")


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
    if not alert.is_wall_clock:
        return ""
    return alert.moment(alert.start_s).strftime("%Y-%m-%d %H:%M:%S UTC")


def one_line(words: str) -> str:
    """Without line breaks and control characters, which would end a header; of bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
