"""Links by which whoever gets a message acknowledges its alert without a login (ADR 0036)."""

from datetime import UTC, datetime, timedelta

from services.alerts.core.deliveries import Target
from services.alerts.ledger import Task
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.tickets import Tickets

PURPOSE = "acknowledge"
LASTS = timedelta(days=7)
CHANNELS = frozenset({"email", "slack"})
"""What people read. A machine that gets a webhook has the API."""


class Acknowledging:
    """Issues them. Opening one shows a page, its button acknowledges, once."""

    def __init__(self, sealing: Sealing, dashboard_url: str) -> None:
        self._tickets, self._base = Tickets(sealing), dashboard_url.rstrip("/")

    def link(self, task: Task, target: Target) -> str:
        """Empty for what nobody acknowledges, and without a secret key."""
        if target.channel not in CHANNELS or task.purpose in ("test", "digest"):
            return ""
        fields = {
            "alert_id": str(task.alert.alert_id),
            "target_id": str(target.target_id),
            "by": (target.name or target.shown)[:200],
        }
        expires_at = datetime.fromtimestamp(task.opened_at, UTC) + LASTS
        try:
            return f"{self._base}/a/{self._tickets.issue(PURPOSE, fields, expires_at)}"
        except SealingFault:
            return ""
