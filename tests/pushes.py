"""The other end of Web Push: a browser's subscription that decrypts (RFC 8291), and what a push
service checks of who sends (RFC 8292). By other libraries than ours where there are any.
"""

import base64
import json
import os
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from services.local.receivers import Hook


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Subscription:
    """As a browser has it; `as_json` is what it gives away."""

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def as_json(self) -> dict[str, Any]:
        public = self.private_key.public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(point), "auth": base64url(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def opened(self, push: Hook) -> dict[str, Any]:
        """What is in a message. Raises where it was encrypted for somebody else."""
        assert push.headers["content-encoding"] == "aes128gcm"
        content = http_ece.decrypt(
            push.body, private_key=self.private_key, auth_secret=self.auth, version="aes128gcm"
        )
        found: dict[str, Any] = json.loads(content)
        return found


def claims_of(push: Hook, application_key: str) -> dict[str, Any]:
    """What the sender says of itself, once its signature holds by the key that the browser was
    given when it subscribed. Raises where it does not.
    """
    scheme, _, rest = push.headers["authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, parts["k"]) == ("vapid", application_key)
    point = base64.urlsafe_b64decode(application_key + "=" * (-len(application_key) % 4))
    x, y = (base64url(half) for half in (point[1:33], point[33:]))
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    return jwt.decode(parts["t"], key, algorithms=["ES256"]).claims


def base64url(content: bytes) -> str:
    """Without padding, as all of Web Push has it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
