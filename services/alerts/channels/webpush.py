"""Web Push: encrypted for the browser (RFC 8291), signed by the stack's key (RFC 8292)."""

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from schemas.targets import ChannelName
from services.alerts.channels.posting import Poster
from services.alerts.channels.webhook import connecting_to
from services.alerts.core.deliveries import Receipt
from services.alerts.core.hook import event_type
from services.alerts.core.notice import Notice
from services.alerts.core.texts import subject
from services.chassis.addresses.endpoints import EndpointPolicy
from services.chassis.deadline import Deadline
from services.chassis.webpush import public_text

LASTS_S = 12 * 3600
"""RFC 8292 allows a signature a day."""
TTL_S = 6 * 3600
"""A browser that is away for longer is not told: the alert is in the list then."""
URGENCY = {"info": "normal", "warning": "high", "critical": "high"}


class WebPushChannel:
    """The push service sees neither what is sent nor by whom but for the key and a contact."""

    name: ChannelName = "webpush"

    def __init__(
        self,
        key: Callable[[], ec.EllipticCurvePrivateKey],
        contact: str,
        poster: Poster,
        policy: EndpointPolicy,
    ) -> None:
        """`key` is called at each attempt, and may raise. `contact` is a mail address or a URL."""
        self._key, self._contact = key, contact
        self._poster, self._policy = poster, policy

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        subscription = json.loads(notice.target.address)
        endpoint, keys = subscription["endpoint"], subscription["keys"]
        body = http_ece.encrypt(
            payload(notice),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=decoded(keys["p256dh"]),
            auth_secret=decoded(keys["auth"]),
            version="aes128gcm",
        )
        headers = {
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(TTL_S),
            "urgency": URGENCY[notice.alert.severity],
            "topic": _text(notice.delivery_id.bytes),
            "authorization": authorization(self._key(), endpoint, self._contact, time.time()),
        }
        connecting = connecting_to(notice.target, self._policy)
        return self._poster.post(endpoint, headers, body, connecting, deadline)


def payload(notice: Notice) -> bytes:
    """What the page's service worker gets: short, since push services take 4 KB."""
    content = {
        "type": event_type(notice),
        "title": subject(notice).removeprefix("[Nightclerk] ")[:200],
        "alert_id": str(notice.alert.alert_id),
        "severity": notice.alert.severity,
        "url": notice.link,
    }
    return json.dumps(content, ensure_ascii=False).encode()


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now: float) -> str:
    """The header by which the push service knows whose message it is."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(now) + LASTS_S,
        "sub": contact if ":" in contact else f"mailto:{contact}",
    }
    header = {"typ": "JWT", "alg": "ES256"}
    signed = ".".join(_text(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = _text(r.to_bytes(32) + s.to_bytes(32))
    return f"vapid t={signed}.{signature}, k={public_text(key)}"


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
