"""Seals what lies in the store for an alert: its words beside the media, and all of it signed."""

import hashlib
import io
import json
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import ids
from schemas.alerts import Alert
from services.alerts.pack.manifest import MANIFEST, SIGNATURE, Digest, sealed
from services.chassis.clock import Clock
from services.chassis.storage.objects import ObjectStore

ALERT = "alert.json"
BLOCK_BYTES = 1 << 20


class Sealing:
    """Sealing again replaces the manifest; in between a pack cannot be made."""

    def __init__(self, store: ObjectStore, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._store, self._key, self._clock = store, key, clock

    def seal(self, alert: Alert, source_name: str) -> None:
        """Of all that is there. Raises TransientError, ObjectMissing."""
        prefix = ids.evidence_prefix(alert.alert_id)
        self._put(alert.alert_id, ALERT, _words(alert, source_name), "application/json")
        names = [info.key.removeprefix(prefix) for info in self._store.list(prefix)]
        files = {
            name: self._digest(prefix + name) for name in names if name not in (MANIFEST, SIGNATURE)
        }
        content, signature = sealed(str(alert.alert_id), files, self._key, self._clock.now())
        self._put(alert.alert_id, MANIFEST, content, "application/json")
        self._put(alert.alert_id, SIGNATURE, signature, "text/plain")

    def _put(self, alert_id: UUID, name: str, content: bytes, kind: str) -> None:
        self._store.put(ids.evidence_prefix(alert_id) + name, io.BytesIO(content), kind)

    def _digest(self, key: str) -> Digest:
        """By blocks: evidence may be large."""
        sha256, size_bytes = hashlib.sha256(), 0
        while block := self._store.read_range(key, size_bytes, BLOCK_BYTES):
            sha256.update(block)
            size_bytes += len(block)
        return Digest(sha256.hexdigest(), size_bytes)


def _words(alert: Alert, source_name: str) -> bytes:
    content = alert.model_dump(mode="json") | {
        "source_name": source_name,
        "started_at": alert.moment(alert.start_s).isoformat() if alert.is_wall_clock else None,
        "ended_at": alert.moment(alert.end_s).isoformat() if alert.is_wall_clock else None,
    }
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
