"""The manifest: which files there are, byte for byte, and who says so (Ed25519, RFC 8032). Pure.

The signature is over the very bytes of the manifest, which names the key that made it. Whoever has
the key from elsewhere knows who signed; whoever has only the pack knows that nothing was changed
since somebody did.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.signing import fingerprint, is_signed, public_text, signature

FORMAT = "nightclerk-evidence/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


class Tampered(Exception):
    """Something about a pack is not as it was signed. The text is one sentence."""


@dataclass(frozen=True)
class Digest:
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, content: bytes) -> "Digest":
        return cls(hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True)
class Manifest:
    """What was signed, and by whose key (raw, base64)."""

    alert_id: str
    sealed_at: str
    public_key: str
    files: Mapping[str, Digest]

    def content(self) -> bytes:
        files = {name: vars(digest) for name, digest in sorted(self.files.items())}
        whole = {
            "format": FORMAT,
            "alert_id": self.alert_id,
            "sealed_at": self.sealed_at,
            "public_key": self.public_key,
            "files": files,
        }
        return json.dumps(whole, indent=2).encode() + b"\n"

    @classmethod
    def read(cls, content: bytes) -> "Manifest":
        """Raises Tampered for what is none."""
        try:
            whole = json.loads(content)
            if whole["format"] != FORMAT:
                raise Tampered(f"The manifest is of another format: {whole['format']}.")
            files = {name: Digest(**digest) for name, digest in whole["files"].items()}
            return cls(whole["alert_id"], whole["sealed_at"], whole["public_key"], files)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Tampered("The manifest cannot be read.") from None


def sealed(
    alert_id: str, files: Mapping[str, Digest], key: Ed25519PrivateKey, now: datetime
) -> tuple[bytes, bytes]:
    """The manifest of those files and its signature, as they lie in a pack."""
    manifest = Manifest(alert_id, now.isoformat(), public_text(key.public_key()), files)
    content = manifest.content()
    return content, signature(content, key).encode() + b"\n"


def checked(content: bytes, shown: bytes, public_key: str | None = None) -> Manifest:
    """The manifest, if the signature shown is good, and of that key where one is given. Raises
    Tampered.
    """
    manifest = Manifest.read(content)
    if not is_signed(content, shown.decode("ascii", "replace"), manifest.public_key):
        raise Tampered("The manifest was changed after it was signed.")
    if public_key is not None and public_key.strip() != manifest.public_key:
        raise Tampered(
            f"It is signed by a foreign key: {fingerprint(manifest.public_key)}, "
            f"not {fingerprint(public_key.strip())}."
        )
    return manifest
