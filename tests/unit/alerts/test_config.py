"""Settings of the alerts service."""

import base64
from typing import Any, get_args

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import create_engine

from schemas.targets import ChannelName
from services.alerts.config import AlertsSettings
from services.alerts.service import channels, new_holder
from services.chassis.clock import ManualClock
from services.chassis.deadline import Deadline
from services.chassis.sealing import Sealing
from tests.unit.alerts.room import notice

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def test_without_a_mail_server_mails_fail_with_a_sentence() -> None:
    assert AlertsSettings().targets == ()
    engine, sealing = create_engine("sqlite://"), Sealing(SecretStr(""))
    found = channels(AlertsSettings(), engine, sealing, ManualClock())
    assert set(found) == set(get_args(ChannelName))
    receipt = found["email"].send(notice(), Deadline(1.0))
    assert (receipt.delivered, receipt.again) == (False, False)
    assert "NIGHTCLERK_SMTP_HOST" in receipt.detail


def test_every_address_and_url_is_a_target() -> None:
    settings = AlertsSettings(
        smtp_host="mail.example.org",
        smtp_to='"Shop, Owner" <a@example.org>, b@example.org, a@example.org',
        webhook_url="https://one.example.org/x, http://two.example.org/y",
        webhook_secret=SECRET,
    )
    assert [(target.name, target.address) for target in settings.targets] == [
        ("Shop, Owner", "a@example.org"),
        ("", "b@example.org"),
        ("", "https://one.example.org/x"),
        ("", "http://two.example.org/y"),
    ]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("http://a/hang?1,http://a/hang?2", ["http://a/hang?1", "http://a/hang?2"]),
        ("http://a/x,y,z http://b/", ["http://a/x,y,z", "http://b/"]),
        (" http://a ,\n http://b, ", ["http://a", "http://b"]),
        ("http://a,", ["http://a"]),
        ("http://a  http://b", ["http://a", "http://b"]),
    ],
)
def test_urls_may_hold_commas(listed: str, expected: list[str]) -> None:
    settings = AlertsSettings(webhook_url=listed)
    assert [target.address for target in settings.targets] == expected


@pytest.mark.parametrize(
    ("security", "port", "expected"),
    [("starttls", 0, 587), ("tls", 0, 465), ("none", 0, 25), ("starttls", 2525, 2525)],
)
def test_the_port_follows_the_security(security: str, port: int, expected: int) -> None:
    settings = AlertsSettings(smtp_security=security, smtp_port=port)
    assert settings.smtp_server.real_port == expected


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"smtp_to": "nobody"}, "NIGHTCLERK_SMTP_TO: 'nobody' is not a mail address"),
        ({"smtp_to": "a@b; c@d"}, "NIGHTCLERK_SMTP_TO: separate addresses by commas"),
        ({"smtp_to": "a@b.c\nBcc: d@e.f"}, "NIGHTCLERK_SMTP_TO: .* is not a mail address"),
        ({"smtp_from": "Nightclerk"}, "NIGHTCLERK_SMTP_FROM: 'Nightclerk' is not a mail address"),
        ({"webhook_url": "https://x/y,ftp://z/y"}, r"NIGHTCLERK_WEBHOOK_URL: address 2 \(ftp://z"),
        ({"webhook_url": "https:///path"}, "NIGHTCLERK_WEBHOOK_URL: address 1"),
        ({"webhook_url": "http://[::1/x"}, "NIGHTCLERK_WEBHOOK_URL: address 1"),
        ({"webhook_url": "http://a:99999/x"}, "NIGHTCLERK_WEBHOOK_URL: address 1"),
        ({"dashboard_url": "nc.lan"}, "NIGHTCLERK_DASHBOARD_URL is not http:// or https://"),
        ({"webhook_secret": "whsec_!"}, "a webhook secret is whsec_ and base64"),
        ({"smtp_security": "maybe"}, "starttls"),
        ({"alert_keep_d": 30}, "alert_keep_d"),
    ],
)
def test_what_cannot_work_is_refused_by_name(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_secret": "whsec_hunter2", "smtp_password": "hunter3"},
        {"webhook_url": "ftp://user:hunter2@example.org/hunter3?token=hunter4"},
        {"webhook_url": "hunter2"},
    ],
)
def test_a_refusal_shows_no_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        AlertsSettings(**wrong)
    assert "hunter" not in str(refusal.value)


def test_two_runs_of_the_service_never_share_a_name() -> None:
    names = {new_holder() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) <= 64 and name.isascii() for name in names)
