"""Settings of the alerts service. A channel that is not configured is off."""

import socket
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.alerts.channels.email import Security, SmtpServer
from services.alerts.core import hook
from services.alerts.core.deliveries import RetryPolicy, Target
from services.alerts.core.spans import Margins
from services.chassis.settings import ServiceSettings


class AlertsSettings(ServiceSettings):
    health_port: int = 8084

    smtp_host: str = ""
    """Empty switches e-mail off."""
    smtp_port: int = Field(default=0, ge=0, le=65535)
    """0 is the usual port: 587, 465 or 25 by `smtp_security`."""
    smtp_security: Security = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Path | None = None
    """Whom to trust instead of the system's authorities."""
    smtp_from: str = "nightclerk@localhost"
    smtp_to: str = ""
    """Addresses, separated by commas. Each gets a mail of its own."""

    webhook_url: SecretStr = SecretStr("")
    """URLs, separated by commas or spaces; empty switches webhooks off."""
    webhook_secret: SecretStr = SecretStr("")
    """`whsec_` and base64; several, separated by spaces, while one is exchanged."""

    dashboard_url: str = "http://127.0.0.1:8080"
    """What links in messages start with."""

    alert_max_age_h: float = Field(default=24.0, gt=0)
    """Alerts that are older when they are read, as after a replay, are not told any more."""
    delivery_window_h: float = Field(default=6.0, gt=0)
    """How long a delivery is tried."""
    evidence_before_s: float = Field(default=5.0, ge=0)
    evidence_after_s: float = Field(default=5.0, ge=0)
    """How much around an episode its evidence video shows."""
    evidence_most_s: float = Field(default=120.0, gt=0)
    """Of longer episodes it shows so much around the peak."""
    evidence_deadline_s: float = Field(default=30.0, gt=0)
    """An alert waits no longer for its snapshot, and no longer for its cut."""

    instance: str = socket.gethostname()
    """Tells instances of the service apart; the same after a restart."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        hook.keys(self.webhook_secret.get_secret_value())
        if self.smtp_host and not _items(self.smtp_to):
            raise ValueError("smtp_host is set, but there is nobody in smtp_to")
        for address in (self.smtp_from, *_items(self.smtp_to)):
            if not address.isprintable() or "@" not in parseaddr(address)[1]:
                raise ValueError(f"smtp_from or smtp_to: {address!r} is no mail address")
        for url in self._webhook_urls():
            if not url.startswith(("http://", "https://")):
                raise ValueError("a webhook_url starts with http:// or https://")
        return self

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everybody to tell."""
        mails = _items(self.smtp_to) if self.smtp_host else ()
        return (
            *(Target("email", address) for address in mails),
            *(Target("webhook", url) for url in self._webhook_urls()),
        )

    @property
    def smtp_server(self) -> SmtpServer:
        return SmtpServer(
            host=self.smtp_host,
            port=self.smtp_port,
            security=self.smtp_security,
            user=self.smtp_user,
            password=self.smtp_password.get_secret_value(),
            ca_file=self.smtp_ca_file,
        )

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        return hook.keys(self.webhook_secret.get_secret_value())

    @property
    def margins(self) -> Margins:
        return Margins(self.evidence_before_s, self.evidence_after_s, self.evidence_most_s)

    @property
    def policy(self) -> RetryPolicy:
        return RetryPolicy(window_s=self.delivery_window_h * 3600)

    @property
    def max_age(self) -> timedelta:
        return timedelta(hours=self.alert_max_age_h)

    def _webhook_urls(self) -> tuple[str, ...]:
        return _items(self.webhook_url.get_secret_value().replace(" ", ","))


def _items(listed: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in listed.split(",") if item.strip())
