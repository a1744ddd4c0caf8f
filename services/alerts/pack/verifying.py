"""Checks a pack: every file is there, none more, each byte for byte as it was signed."""

import filecmp
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from services.alerts.pack.manifest import (
    MANIFEST,
    SIGNATURE,
    Digest,
    Manifest,
    Tampered,
    checked,
)
from services.chassis.signing import fingerprint
from services.chassis.storage.archives import write_archive

BLOCK_BYTES = 1 << 20
MOST_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Verified:
    """A pack that is as it was signed."""

    manifest: Manifest

    @property
    def signer(self) -> str:
        return fingerprint(self.manifest.public_key)


def verify(pack: Path, public_key: str | None = None) -> Verified:
    """Raises Tampered in one sentence, and FileNotFoundError."""
    try:
        with ZipFile(pack) as archive:
            return _verified(archive, public_key)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Tampered("The file is damaged, or no evidence pack at all.") from error


def _verified(archive: ZipFile, public_key: str | None) -> Verified:
    names = [info.filename for info in archive.infolist()]
    for name in (MANIFEST, SIGNATURE):
        if name not in names:
            raise Tampered(f"{name} is missing: this is no evidence pack.")
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise Tampered(f"{doubled} is in the pack twice.")
    manifest = checked(_small(archive, MANIFEST), _small(archive, SIGNATURE), public_key)
    files = set(names) - {MANIFEST, SIGNATURE}
    if missing := sorted(set(manifest.files) - files):
        raise Tampered(f"{missing[0]} is missing.")
    if more := sorted(files - set(manifest.files)):
        raise Tampered(f"{more[0]} was added: nobody signed it.")
    for name, digest in manifest.files.items():
        if _digest(archive, name) != digest:
            raise Tampered(f"{name} was changed after it was signed.")
    _require_untouched(archive, manifest)
    return Verified(manifest)


def _require_untouched(archive: ZipFile, manifest: Manifest) -> None:
    """Packed anew it must give the same bytes: else something lies around its files."""
    with tempfile.TemporaryDirectory(prefix="nightclerk-") as folder:
        again = Path(folder) / "again.zip"
        names = [MANIFEST, SIGNATURE, *sorted(manifest.files)]
        write_archive(again, ((name, _blocks(archive, name)) for name in names))
        if not filecmp.cmp(again, str(archive.filename), shallow=False):
            raise Tampered("The zip around the files was changed after it was packed.")


def _blocks(archive: ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _small(archive: ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(MOST_MANIFEST_BYTES)


def _digest(archive: ZipFile, name: str) -> Digest:
    """A file whose checksum inside the zip is wrong was changed as well."""
    sha256, size_bytes = hashlib.sha256(), 0
    try:
        for block in _blocks(archive, name):
            sha256.update(block)
            size_bytes += len(block)
    except BadZipFile:
        raise Tampered(f"{name} was changed after it was signed.") from None
    return Digest(sha256.hexdigest(), size_bytes)
