"""A pack of evidence with hidden faces, signed by this API; of the form that packs have."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.signing import public_text, signature
from services.chassis.storage.archives import write_archive

FORMAT = "nightclerk-evidence/1"
"""As the alerts service signs evidence: `nightclerk evidence verify` checks both."""

BLOCK_BYTES = 1 << 20


def alert_words(words: Mapping[str, Any], original: bytes) -> bytes:
    """The alert as the original pack has it, and of which original this was made."""
    made_of = hashlib.sha256(original).hexdigest()
    content = {**words, "faces": "hidden", "manifest_of_original_sha256": made_of}
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def write_hidden_pack(
    path: Path,
    alert_id: str,
    files: Mapping[str, bytes | Path],
    now: datetime,
    key: Ed25519PrivateKey,
) -> None:
    """Sign the list of the files and zip all."""
    listed = {name: _digest(content) for name, content in sorted(files.items())}
    whole = {
        "format": FORMAT,
        "alert_id": alert_id,
        "sealed_at": now.isoformat(),
        "public_key": public_text(key.public_key()),
        "files": listed,
    }
    manifest = json.dumps(whole, indent=2).encode() + b"\n"

    def contents() -> Iterator[tuple[str, Iterator[bytes]]]:
        yield "manifest.json", iter([manifest])
        yield "manifest.sig", iter([signature(manifest, key).encode() + b"\n"])
        for name in sorted(files):
            yield name, _blocks(files[name])

    write_archive(path, contents())


def _digest(content: bytes | Path) -> dict[str, Any]:
    sha256, size_bytes = hashlib.sha256(), 0
    for block in _blocks(content):
        sha256.update(block)
        size_bytes += len(block)
    return {"sha256": sha256.hexdigest(), "size_bytes": size_bytes}


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block
