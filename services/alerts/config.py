"""Settings of the alerts service. A channel that is not configured is off."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from services.alerts.channels.email import Security, SmtpServer
from services.alerts.core import hook
from services.alerts.core.admission import Shares
from services.alerts.core.deliveries import RetryPolicy, Target, masked
from services.alerts.core.spans import Margins
from services.chassis.addresses.mailboxes import Mailbox, mailbox, mailboxes
from services.chassis.settings import ServiceSettings
from services.chassis.signing import NAME


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
    mail_picture_wait_s: float = Field(default=3.0, ge=0, le=60)
    """A mail waits so long for its picture, and goes out without it then; 0: it never waits."""
    mail_amend: bool = False
    """Whether a second mail brings the picture that the first went without."""

    webhook_url: SecretStr = SecretStr("")
    """URLs, separated by commas or spaces; empty switches webhooks off."""
    webhook_secret: SecretStr = SecretStr("")
    """`whsec_` and base64; several, separated by spaces, while one is exchanged."""

    dashboard_url: str = "http://127.0.0.1:8080"
    """What links in messages start with."""

    alert_max_age_h: float = Field(default=24.0, gt=0)
    """Nobody is notified of what was cut longer ago, as after a replay."""
    alert_keep_d: float = Field(default=180.0, ge=91)
    """For how many days deliveries and evidence are kept: longer than the topic of alerts is."""
    deliveries_at_once: int = Field(default=64, ge=4, le=512)
    """So many attempts are at work at once that do not hang: a quarter of them for one tenant at
    most. Beside them at most three times as many hang (decision 0045)."""
    webpush_contact: str = "mailto:nightclerk@localhost"
    """Whom push services may write to: a mail address or a URL."""
    delivery_window_h: float = Field(default=6.0, gt=0)
    """How long a delivery is tried."""
    delivery_deadline_s: float = Field(default=20.0, gt=0, le=120)
    """One attempt takes no longer, from the look-up of the name to the answer."""
    delivery_lease_s: float = Field(default=30.0, ge=3, le=600)
    """An attempt that a killed instance had at work is made again after so long. Longer than the
    database is away now and then: else an attempt at work is made twice."""
    evidence_before_s: float = Field(default=5.0, ge=0)
    evidence_after_s: float = Field(default=5.0, ge=0)
    """How much around an episode its evidence video shows."""
    evidence_most_s: float = Field(default=120.0, gt=0)
    """Of longer episodes it shows so much around the peak."""
    evidence_deadline_s: float = Field(default=30.0, gt=0)
    """How long a snapshot or a cut may take."""
    evidence_footage_wait_s: float = Field(default=900.0, gt=0)
    """Of a camera of which no recording comes for so long there will be no evidence."""
    evidence_key_file: Path | None = None
    """Ed25519 private key (PEM) that signs evidence; else `evidence-key.pem` in `state_dir`, which
    is made."""
    evidence_workers: int = Field(default=2, ge=1, le=16)
    """So many snapshots and cuts are made at once."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        hook.keys(self.webhook_secret.get_secret_value())
        _ = self.smtp_sender, self.smtp_receivers
        for number, url in enumerate(self._webhook_urls(), 1):
            _require_url(f"NIGHTCLERK_WEBHOOK_URL: address {number} ({masked(url)})", url)
        _require_url("NIGHTCLERK_DASHBOARD_URL", self.dashboard_url)
        return self

    @property
    def smtp_sender(self) -> Mailbox:
        return mailbox("NIGHTCLERK_SMTP_FROM", self.smtp_from)

    @property
    def smtp_receivers(self) -> tuple[Mailbox, ...]:
        return mailboxes("NIGHTCLERK_SMTP_TO", self.smtp_to)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everybody to notify, each once."""
        people = self.smtp_receivers if self.smtp_host else ()
        mails = (Target("email", person.address, person.name) for person in people)
        hooks = (Target("webhook", url) for url in self._webhook_urls())
        return tuple(dict.fromkeys((*mails, *hooks)))

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
    def shares(self) -> Shares:
        most = self.deliveries_at_once
        return Shares(most, max(1, most // 4), max(1, most * 3 // 8))

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        return hook.keys(self.webhook_secret.get_secret_value())

    @property
    def signing_key_file(self) -> Path:
        return self.evidence_key_file or self.state_dir / NAME

    @property
    def margins(self) -> Margins:
        return Margins(self.evidence_before_s, self.evidence_after_s, self.evidence_most_s)

    @property
    def policy(self) -> RetryPolicy:
        return RetryPolicy(window_s=self.delivery_window_h * 3600)

    @property
    def max_age(self) -> timedelta:
        return timedelta(hours=self.alert_max_age_h)

    @property
    def keep(self) -> timedelta:
        return timedelta(days=self.alert_keep_d)

    def _webhook_urls(self) -> tuple[str, ...]:
        """Cut at white space, and at commas that another address follows: a URL may hold commas."""
        listed = self.webhook_url.get_secret_value().strip(", \t\n")
        return tuple(re.split(r"(?:\s*,\s*|\s+)(?=\w+:)|,?\s+|,$", listed)) if listed else ()


def _require_url(what: str, url: str) -> None:
    """Raises ValueError in a sentence that begins with `what`, and shows nothing of the rest."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{what} is not http:// or https:// with a host")
