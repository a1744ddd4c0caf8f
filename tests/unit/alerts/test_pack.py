"""Packs: what was signed is what is there, and any change is told in one sentence."""

import io
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from schemas.ids import evidence_prefix
from services.alerts.pack.manifest import Tampered
from services.alerts.pack.sealing import Sealing
from services.alerts.pack.verifying import verify
from services.chassis.clock import ManualClock
from services.chassis.errors import WrongSettings
from services.chassis.signing import fingerprint, public_text, signing_key
from services.chassis.storage.archives import write_archive
from services.chassis.storage.objects import MemoryObjects
from services.cli.evidence import evidence
from tests.unit.alerts.room import KEY, alert

OURS = public_text(KEY.public_key())
FOREIGN = Ed25519PrivateKey.from_private_bytes(bytes(32))
MEDIA = {"snapshot.jpg": b"\xff\xd8 a picture", "evidence.mp4": bytes(range(256)) * 20}


def files_of(key: Ed25519PrivateKey = KEY) -> dict[str, bytes]:
    """All files of a sealed alert, in the order of a pack."""
    store, prefix = MemoryObjects(), evidence_prefix(alert().alert_id)
    for name, content in MEDIA.items():
        store.put(prefix + name, io.BytesIO(content), "application/octet-stream")
    Sealing(store, key, ManualClock()).seal(alert(), "Door 2")
    names = [info.key.removeprefix(prefix) for info in store.list(prefix)]
    first = ["manifest.json", "manifest.sig"]
    ordered = [*first, *sorted(set(names) - set(first))]
    return {name: store.get(prefix + name) for name in ordered}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    write_archive(path, ((name, [content]) for name, content in files.items()))
    return path


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return packed(tmp_path / "pack.zip", files_of())


def test_a_pack_as_it_was_signed_is_good(pack: Path) -> None:
    found = verify(pack, OURS)
    assert sorted(found.manifest.files) == ["alert.json", "evidence.mp4", "snapshot.jpg"]
    assert found.signer == fingerprint(OURS)
    assert found.manifest.alert_id == str(alert().alert_id)


def test_the_alert_is_told_in_its_own_words(pack: Path) -> None:
    with ZipFile(pack) as archive:
        words = archive.read("alert.json").decode()
    assert '"source_name": "Door 2"' in words
    assert '"label": "fight"' in words


def test_the_same_files_give_the_same_pack(tmp_path: Path) -> None:
    one, two = (packed(tmp_path / f"{n}.zip", files_of()) for n in "ab")
    assert one.read_bytes() == two.read_bytes()


Change = Callable[[dict[str, bytes]], object]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda files: files.update({"snapshot.jpg": b"another"}), "snapshot.jpg was changed"),
        (lambda files: files.update({"alert.json": b"{}"}), "alert.json was changed"),
        (lambda files: files.pop("evidence.mp4"), "evidence.mp4 is missing"),
        (lambda files: files.update({"more.txt": b"more"}), "more.txt was added"),
        (lambda files: files.pop("manifest.sig"), "manifest.sig is missing"),
        (lambda files: files.pop("manifest.json"), "manifest.json is missing"),
        (
            lambda files: files.update(
                {"manifest.json": files["manifest.json"].replace(b"2026", b"2025")}
            ),
            "The manifest was changed",
        ),
        (lambda files: files.update({"manifest.json": b"[]"}), "The manifest cannot be read"),
        (lambda files: files.update({"manifest.sig": b"AAAA"}), "The manifest was changed"),
    ],
)
def test_what_was_changed_is_said(tmp_path: Path, change: Change, sentence: str) -> None:
    files = files_of()
    change(files)
    with pytest.raises(Tampered, match=sentence):
        verify(packed(tmp_path / "pack.zip", files))


def test_another_signer_is_noticed_where_the_key_is_known(tmp_path: Path) -> None:
    """Whoever changes a file can sign it anew, but not with our key."""
    pack = packed(tmp_path / "pack.zip", files_of(FOREIGN))
    assert verify(pack).signer == fingerprint(public_text(FOREIGN.public_key()))
    with pytest.raises(Tampered, match=r"signed by a foreign key: \w{4}-\w{4}-\w{4}-\w{4}, not"):
        verify(pack, OURS)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.integers(0, 10**9), flip=st.integers(1, 255))
def test_not_a_byte_can_be_changed(pack: Path, place: int, flip: int) -> None:
    content = bytearray(pack.read_bytes())
    content[place % len(content)] ^= flip
    changed = pack.with_name("changed.zip")
    changed.write_bytes(content)
    with pytest.raises(Tampered):
        verify(changed)


@pytest.mark.parametrize("more", [b"\0", b"more"])
def test_not_a_byte_can_be_added(pack: Path, more: bytes) -> None:
    for content in (pack.read_bytes() + more, more + pack.read_bytes()):
        pack.with_name("more.zip").write_bytes(content)
        with pytest.raises(Tampered):
            verify(pack.with_name("more.zip"))


def test_a_pack_that_was_packed_anew_is_another(pack: Path) -> None:
    again = pack.with_name("again.zip")
    with ZipFile(pack) as before, ZipFile(again, "w", ZIP_DEFLATED) as after:
        for info in before.infolist():
            after.writestr(info.filename, before.read(info))
    with pytest.raises(Tampered, match="around the files was changed"):
        verify(again)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 100])
def test_what_is_no_pack_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    with pytest.raises(Tampered, match="damaged, or no evidence pack"):
        verify(path)


def test_a_torn_pack_is_said(pack: Path) -> None:
    content = pack.read_bytes()
    pack.write_bytes(content[: len(content) // 2])
    with pytest.raises(Tampered, match="damaged"):
        verify(pack)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "evidence-key.pem"
    first, again = signing_key(path), signing_key(path)
    assert public_text(first.public_key()) == public_text(again.public_key())
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_no_key_is_said(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("no key")
    with pytest.raises(WrongSettings, match="no Ed25519 private key"):
        signing_key(path)


def test_the_command_says_that_a_pack_is_good(pack: Path) -> None:
    answer = CliRunner().invoke(evidence, ["verify", str(pack), "--key", OURS])
    assert answer.exit_code == 0
    assert "Good: 3 files of alert" in answer.output
    assert fingerprint(OURS) in answer.output


def test_the_command_takes_the_key_from_a_file(pack: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text(f"{OURS}\n{fingerprint(OURS)}\n")
    assert CliRunner().invoke(evidence, ["verify", str(pack), "--key", str(key)]).exit_code == 0
    key.write_text(public_text(FOREIGN.public_key()))
    assert CliRunner().invoke(evidence, ["verify", str(pack), "--key", str(key)]).exit_code == 1


def test_the_command_says_what_is_wrong_in_one_sentence(tmp_path: Path) -> None:
    pack = packed(tmp_path / "pack.zip", files_of() | {"snapshot.jpg": b"another"})
    answer = CliRunner().invoke(evidence, ["verify", str(pack)])
    assert answer.exit_code == 1
    assert "snapshot.jpg was changed after it was signed." in answer.output
    assert CliRunner().invoke(evidence, ["verify", "absent.zip"]).exit_code == 1
