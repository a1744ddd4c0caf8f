"""An alert as a webhook. The reference implementation of Standard Webhooks is the judge."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from services.alerts.core import hook
from tests.builders import SOURCE
from tests.unit.alerts.room import NOON, alert, notice, offline

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


def test_a_receiver_can_verify_it() -> None:
    now = datetime.now(UTC)
    body = hook.payload(notice())
    headers = hook.headers(notice(), body, now, hook.keys(SECRET))
    assert Webhook(SECRET).verify(body, headers)["type"] == "alert.opened"


def test_while_a_secret_is_exchanged_both_verify() -> None:
    body = hook.payload(notice())
    headers = hook.headers(notice(), body, datetime.now(UTC), hook.keys(f"{SECRET} {OTHER}"))
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(body, headers)


def test_the_signature_is_the_one_of_the_specification() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert hook.sign(key, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_id_is_the_delivery_and_the_body_never_changes() -> None:
    first = hook.headers(notice(), hook.payload(notice()), NOON, ())
    later = hook.headers(notice(), hook.payload(notice()), NOON + timedelta(hours=1), ())
    assert first["webhook-id"] == later["webhook-id"] == str(notice().delivery_id)
    assert first["webhook-timestamp"] != later["webhook-timestamp"]
    assert hook.payload(notice()) == hook.payload(notice())
    assert "webhook-signature" not in first


def test_the_body_says_everything_about_the_alert() -> None:
    sent = notice(alert=alert(origin_at=NOON))
    content = json.loads(hook.payload(sent))
    alert_id = sent.alert.alert_id
    assert content["timestamp"] == "2026-03-14T12:00:00+00:00"
    assert content["data"] == {
        "alert_id": str(alert_id),
        "kind": "incident",
        "is_late": False,
        "source_id": str(SOURCE),
        "source_kind": "upload",
        "source_name": "door-2.mp4",
        "run": "live",
        "rule": "anomaly",
        "label": "fight",
        "severity": "warning",
        "start_s": 4.0,
        "end_s": 6.0,
        "peak_s": 5.0,
        "peak_score": 0.94,
        "peak_index": 4,
        "origin_at": "2026-03-14T12:00:00+00:00",
        "is_wall_clock": True,
        "cut_at": "2026-01-01T00:00:00+00:00",
        "model_id": "test",
        "link": sent.link,
        "snapshot_key": f"alerts/{alert_id}/snapshot.jpg",
        "snapshot_url": f"http://127.0.0.1:8080/api/v1/alerts/{alert_id}/snapshot",
        "evidence_key": f"alerts/{alert_id}/evidence.mp4",
        "evidence_url": f"http://127.0.0.1:8080/api/v1/alerts/{alert_id}/evidence",
    }


def test_the_body_does_not_wait_for_the_evidence() -> None:
    assert hook.payload(notice()) == hook.payload(notice(snapshot=None, note="no store"))


@pytest.mark.parametrize("secret", ["whsec_!!!", "whsec_", "whsec_c2hvcnQ=", "ünïcode"])
def test_a_bad_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        hook.keys(secret)


def test_no_secret_gives_no_keys() -> None:
    assert hook.keys("") == ()


@pytest.mark.parametrize(
    ("status", "delivered", "again"),
    [
        (200, True, False),
        (204, True, False),
        (301, False, False),
        (400, False, False),
        (404, False, False),
        (408, False, True),
        (410, False, False),
        (429, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_what_a_status_means(status: int, delivered: bool, again: bool) -> None:
    receipt = hook.receipt(status, {}, NOON)
    assert (receipt.delivered, receipt.again) == (delivered, again)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("30", 30),
        ("999999", 3600),
        ("-5", 0),
        ("Sat, 14 Mar 2026 12:01:00 GMT", 60),
        ("Sat, 14 Mar 2026 11:00:00 GMT", 0),
        ("Sat, 14 Mar 2026 12:01:00 -0000", 0),
        ("soon", 0),
    ],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert hook.retry_after_s(value, NOON) == seconds
    assert hook.receipt(503, {"retry-after": value}, NOON).retry_after_s == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_a_bounded_wait(value: str) -> None:
    assert 0 <= hook.retry_after_s(value, NOON) <= 3600


def test_the_snippet_of_the_how_to_verifies_it() -> None:
    page = Path(__file__).parents[3] / "docs/how-to/webhook.md"
    names: dict[str, Any] = {}
    exec(page.read_text("utf-8").split("```python")[1].split("```")[0], names)
    body = hook.payload(notice())
    headers = hook.headers(notice(), body, datetime.now(UTC), hook.keys(f"{OTHER} {SECRET}"))
    assert names["verify"](SECRET, headers, body)
    assert not names["verify"](SECRET, headers, body + b" ")
    old = hook.headers(notice(), body, NOON, hook.keys(SECRET))
    assert not names["verify"](SECRET, old, body)


def test_what_is_wrong_with_a_camera_names_no_evidence() -> None:
    data = json.loads(hook.payload(notice(alert=offline())))["data"]
    assert (data["kind"], data["rule"], data["label"]) == ("health", "offline", "Camera offline")
    assert data["detail"] == "The camera refuses the connection."
    assert not {"snapshot_key", "snapshot_url", "evidence_key", "evidence_url"} & set(data)
