"""Packages of detectors: from the object store into a folder of this machine, checked on the way.

A package is a zip with `model.json` and `weights.safetensors` of one head at its root, or of
several in a folder each. It was handed in by somebody: nothing of it is executed, no name in it is
used as a path before it was matched, and no more is unpacked than is allowed. No network is loaded.
"""

import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from schemas.models import DetectorPackage
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.rules.cards import detector_id
from services.scoring.cards import read_cards

MEMBER = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99}/)?(model\.json|weights\.safetensors)")
MOST_FILES = 64
MOST_BYTES = 512 * 1024 * 1024
"""Of the zip, and of all that it holds unpacked."""
BLOCK_BYTES = 4 * 1024 * 1024
UNUSED_S = 30 * 86_400.0


class PackageError(ValueError):
    """A package that is not there, or not what its deployment names."""


class PackageGone(PackageError):
    """Its detector was removed."""


def fetch(store: ObjectStore, package: DetectorPackage, cache: Path) -> Path:
    """The folder of a detector below `cache`, fetched where it is not there yet.

    The folder appears whole or not at all, whoever else fetches the same. Raises PackageError, and
    TransientError where the store or the disk is away.
    """
    folder = cache / package.sha256
    try:
        if not folder.is_dir():
            cache.mkdir(parents=True, exist_ok=True)
            _fetch_anew(store, package, folder)
        os.utime(folder)
    except OSError as error:
        raise TransientError(f"{cache}: {error}") from error
    return folder


def prune(cache: Path, unused_s: float = UNUSED_S) -> None:
    """Remove what was fetched long ago and not asked for since."""
    for folder in cache.glob("*"):
        if time.time() - folder.stat().st_mtime > unused_s:
            shutil.rmtree(folder, ignore_errors=True)


def _fetch_anew(store: ObjectStore, package: DetectorPackage, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as name:
        archive, unpacked = Path(name) / "package.zip", Path(name) / "detector"
        _download(store, package, archive)
        unpacked.mkdir()
        _unpack(archive, unpacked)
        _require_named(package, unpacked)
        try:
            unpacked.rename(folder)
        except OSError:
            if not folder.is_dir():  # else somebody was faster, with the same bytes
                raise


def _download(store: ObjectStore, package: DetectorPackage, archive: Path) -> None:
    digest = hashlib.sha256()
    try:
        size = store.stat(package.object_key).size_bytes
        if size > MOST_BYTES:
            raise PackageError(f"{package.object_key} has {size} bytes, more than {MOST_BYTES}")
        with archive.open("wb") as file:
            for start in range(0, size, BLOCK_BYTES):
                block = store.read_range(package.object_key, start, BLOCK_BYTES)
                digest.update(block)
                file.write(block)
    except ObjectMissing as error:
        raise PackageGone(f"there is no object {package.object_key}") from error
    if digest.hexdigest() != package.sha256:
        raise PackageError(f"{package.object_key} has other bytes than its deployment names")


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with ZipFile(archive) as package:
            members = package.infolist()
            if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_BYTES:
                raise PackageError(f"it holds more than {MOST_FILES} files or {MOST_BYTES} bytes")
            for member in members:
                _unpack_member(package, member, folder)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise PackageError(f"it is no zip that can be read: {error}") from error


def _unpack_member(package: ZipFile, member: ZipInfo, folder: Path) -> None:
    """Reading ends at the size that the member has by its header."""
    if not MEMBER.fullmatch(member.filename):
        raise PackageError(f"it holds {member.filename!r}, which is no part of a detector")
    path = folder / member.filename
    path.parent.mkdir(exist_ok=True)
    with package.open(member) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target, BLOCK_BYTES)


def _require_named(package: DetectorPackage, folder: Path) -> None:
    try:
        cards = read_cards(folder)
    except ValueError as error:
        raise PackageError(str(error)) from error
    found = detector_id(tuple(card.model_id for card in cards))
    if found != package.detector:
        raise PackageError(f"it is the detector {found}, its deployment names {package.detector}")
