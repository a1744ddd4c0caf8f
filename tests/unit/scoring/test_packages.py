"""Packages of detectors: whole and checked, or not at all."""

import hashlib
import io
import os
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from schemas.models import DetectorPackage
from services.chassis.storage.objects import MemoryObjects
from services.scoring import packages
from services.scoring.cards import read_card, read_cards
from services.scoring.packages import PackageError, fetch, prune
from tests.checkpoints import cosine_head, deployed, packed

GOOD = ("model.json", "weights.safetensors")


def stored(content: bytes, folder: Path) -> tuple[MemoryObjects, DetectorPackage]:
    """The bytes as the package of the detector in a folder."""
    store = MemoryObjects()
    return store, deployed(store, folder, content)


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_one_head_or_several_come_as_they_were_packed(tmp_path: Path) -> None:
    single, several = cosine_head(tmp_path / "one"), tmp_path / "several"
    cosine_head(several / "a"), cosine_head(several / "b", axis=1, rule=other_rule(single))
    for folder in (single, several):
        store, package = stored(packed(folder), folder)
        found = fetch(store, package, tmp_path / "cache")
        assert read_cards(found) == read_cards(folder)


def other_rule(folder: Path) -> object:
    return read_card(folder).rule.model_copy(update={"name": "other"})


def test_a_package_that_is_there_needs_no_store(tmp_path: Path) -> None:
    folder = cosine_head(tmp_path / "head")
    store, package = stored(packed(folder), folder)
    first = fetch(store, package, tmp_path / "cache")
    assert fetch(MemoryObjects(), package, tmp_path / "cache") == first


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../model.json", "no part of a detector"),
        ("/etc/model.json", "no part of a detector"),
        ("a/b/model.json", "no part of a detector"),
        ("..\\model.json", "no part of a detector"),
        (".hidden/model.json", "no part of a detector"),
        ("setup.py", "no part of a detector"),
        ("weights.pt", "no part of a detector"),
        ("folder/", "no part of a detector"),
    ],
)
def test_nothing_but_heads_is_unpacked(name: str, sentence: str, tmp_path: Path) -> None:
    folder = cosine_head(tmp_path / "head")
    files = {part: (folder / part).read_bytes() for part in GOOD}
    store, package = stored(zipped({**files, name: b"x"}), folder)
    with pytest.raises(PackageError, match=sentence):
        fetch(store, package, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
    assert not (tmp_path / "model.json").exists()


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_BYTES", 100_000)
    folder = cosine_head(tmp_path / "head")
    store, package = stored(zipped({"weights.safetensors": bytes(1_000_000)}), folder)
    with pytest.raises(PackageError, match="more than"):
        fetch(store, package, tmp_path / "cache")


@pytest.mark.parametrize("content", [b"", b"PK no zip at all", zipped({})])
def test_what_is_no_detector_is_refused(content: bytes, tmp_path: Path) -> None:
    store, package = stored(content, cosine_head(tmp_path / "head"))
    with pytest.raises(PackageError):
        fetch(store, package, tmp_path / "cache")


def test_other_bytes_than_the_deployment_names_are_refused(tmp_path: Path) -> None:
    folder = cosine_head(tmp_path / "head")
    store, package = stored(packed(folder), folder)
    changed = package.model_copy(update={"sha256": hashlib.sha256(b"other").hexdigest()})
    with pytest.raises(PackageError, match="other bytes"):
        fetch(store, changed, tmp_path / "cache")
    with pytest.raises(PackageError, match="no object"):
        fetch(MemoryObjects(), package, tmp_path / "cache")
    named = package.model_copy(update={"detector": "fight-00000000"})
    with pytest.raises(PackageError, match="its deployment names fight-00000000"):
        fetch(store, named, tmp_path / "cache")


def test_what_nobody_asked_for_in_a_month_is_removed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    found = []
    for axis in (0, 1):
        folder = cosine_head(tmp_path / str(axis), axis)
        found.append(fetch(*stored(packed(folder), folder), cache))
    os.utime(found[0], (0, 0))
    prune(cache)
    assert [folder.exists() for folder in found] == [False, True]
