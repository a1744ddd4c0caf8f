"""Settings of the alerts service."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from services.alerts.config import AlertsSettings
from services.alerts.service import channels
from services.chassis.clock import ManualClock

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def names(settings: AlertsSettings) -> list[str]:
    return [channel.name for channel in channels(settings, ManualClock())]


def test_nothing_is_on_unless_it_is_configured() -> None:
    assert AlertsSettings().targets == ()
    assert names(AlertsSettings()) == []


def test_every_address_and_url_is_a_target() -> None:
    settings = AlertsSettings(
        smtp_host="mail.example.org",
        smtp_to="a@example.org, b@example.org",
        webhook_url="https://one.example.org/x, http://two.example.org/y",
        webhook_secret=SECRET,
    )
    assert [target.address for target in settings.targets] == [
        "a@example.org",
        "b@example.org",
        "https://one.example.org/x",
        "http://two.example.org/y",
    ]
    assert names(settings) == ["email", "webhook"]


@pytest.mark.parametrize(
    ("security", "port", "expected"),
    [("starttls", 0, 587), ("tls", 0, 465), ("none", 0, 25), ("starttls", 2525, 2525)],
)
def test_the_port_follows_the_security(security: str, port: int, expected: int) -> None:
    settings = AlertsSettings(smtp_security=security, smtp_port=port)
    assert settings.smtp_server.real_port == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_host": "mail.example.org"},
        {"smtp_to": "nobody"},
        {"smtp_to": "a@example.org\nBcc: b@example.org"},
        {"smtp_to": "no\ud800body@example.org"},
        {"smtp_from": "Nightclerk"},
        {"webhook_url": "ftp://example.org"},
        {"webhook_secret": "whsec_!"},
        {"smtp_security": "maybe"},
    ],
)
def test_what_cannot_work_is_refused_at_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertsSettings(**wrong)


def test_the_start_log_shows_no_secret() -> None:
    settings = AlertsSettings(
        smtp_host="m",
        smtp_to="a@b.c",
        smtp_password="hunter2",
        webhook_url="https://x/?token=hunter2",
        webhook_secret=SECRET,
    )
    assert "hunter2" not in str(settings.public())
    assert SECRET not in str(settings.public())
    assert "hunter2" not in repr(settings.smtp_server)


def test_a_complaint_about_settings_shows_no_secret() -> None:
    with pytest.raises(ValidationError) as complaint:
        AlertsSettings(webhook_secret="whsec_hunter2", smtp_password="hunter3")
    assert "hunter" not in str(complaint.value)
