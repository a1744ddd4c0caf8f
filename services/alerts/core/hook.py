"""An alert as a webhook by the Standard Webhooks specification 1.0 (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from schemas import ids
from services.alerts.core.deliveries import Receipt
from services.alerts.core.notice import Notice

PREFIX = "whsec_"
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
LONGEST_WAIT_S = 3600.0


def payload(notice: Notice) -> bytes:
    """The body: the same bytes at every attempt of a delivery (docs/how-to/webhook.md). It names
    where the evidence will lie, which is made while the message is under way; of what is wrong
    with a camera (`kind` is `health`) there is none.
    """
    content = {
        "type": event_type(notice),
        "timestamp": notice.opened_at.isoformat(),
        "data": _data(notice),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def event_type(notice: Notice) -> str:
    """What happened, as the specification has it: full-stop delimited."""
    of_purpose = {"test": "target.test", "digest": "alert.digest", "escalation": "alert.escalated"}
    return of_purpose.get(notice.purpose, "alert.opened")


def _data(notice: Notice) -> dict[str, Any]:
    if notice.purpose == "test":
        return {"request_id": str(notice.delivery_id), "detail": notice.alert.detail}
    if notice.purpose == "digest":
        return {"alerts": [_facts(notice.of(member)) for member in notice.members]}
    return _facts(notice)


def _facts(notice: Notice) -> dict[str, Any]:
    unsaid = {"type"} if notice.is_health else {"type", "detail"}
    facts = notice.alert.model_dump(mode="json", exclude_none=True, exclude=unsaid)
    data = facts | {"source_name": notice.source, "link": notice.link}
    if not notice.is_health:
        data |= _evidence(notice)
    return data


def _evidence(notice: Notice) -> dict[str, str]:
    alert_id = notice.alert.alert_id
    return {
        "snapshot_key": ids.snapshot_key(alert_id),
        "snapshot_url": notice.snapshot_url,
        "evidence_key": ids.evidence_key(alert_id),
        "evidence_url": notice.evidence_url,
    }


def keys(secrets: str) -> tuple[bytes, ...]:
    """Signing keys of one or several secrets (`whsec_` and base64), separated by white space.

    Raises ValueError for one that is not base64 of at least 16 bytes.
    """
    return tuple(_key(secret) for secret in secrets.split())


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    if len(key) < 16:
        raise ValueError("a webhook secret has at least 16 bytes")
    return key


def headers(notice: Notice, body: bytes, now: datetime, signing: Sequence[bytes]) -> dict[str, str]:
    """`webhook-id` is the delivery's id: a receiver knows a second copy. Unsigned without keys."""
    identity, moment = str(notice.delivery_id), str(int(now.timestamp()))
    fields = {
        "content-type": "application/json",
        "user-agent": "nightclerk",
        "webhook-id": identity,
        "webhook-timestamp": moment,
    }
    if signing:
        signed = f"{identity}.{moment}.".encode() + body
        fields["webhook-signature"] = " ".join(sign(key, signed) for key in signing)
    return fields


def sign(key: bytes, content: bytes) -> str:
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def receipt(status: int, answer: Mapping[str, str], now: datetime, response: str = "") -> Receipt:
    """2xx is delivered; 5xx and a few 4xx are worth another try; anything else is refused."""
    detail = f"HTTP {status}"
    seen: Any = {"status": status, "response": response}
    if 200 <= status < 300:
        return Receipt(True, detail, **seen)
    if status >= 500 or status in WORTH_ANOTHER_TRY:
        wait_s = retry_after_s(answer.get("retry-after", ""), now)
        return Receipt(False, detail, again=True, retry_after_s=wait_s, **seen)
    return Receipt(False, f"{detail}, refused", **seen)


def retry_after_s(value: str, now: datetime) -> float:
    """Seconds by RFC 9110, section 10.2.3: a number or a date; else 0, and at most an hour."""
    if value.strip().isdecimal():
        return min(float(value), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(value)
        return min(max(0.0, (until - now).total_seconds()), LONGEST_WAIT_S)
    except (ValueError, TypeError, OverflowError):
        return 0.0
