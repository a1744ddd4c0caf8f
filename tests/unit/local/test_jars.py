"""The lock of Kafka's jars, and what happens when a jar is not the locked one."""

import hashlib
from pathlib import Path

import pytest

from services.local import LocalRuntimeError, jars
from services.local.jars import Jar, class_path, format_lock, parse_lock

LOCKED = parse_lock(jars.LOCK.read_text())


def locked_file(folder: Path, content: bytes) -> tuple[Path, Path]:
    """A folder with one jar, and the lock that names it."""
    (folder / "thing-1.0.jar").write_bytes(content)
    lock = folder / "test.lock"
    lock.write_text(f"# comment\n{hashlib.sha256(content).hexdigest()}  org.example:thing:1.0\n\n")
    return folder / "thing-1.0.jar", lock


def test_the_committed_lock_holds_kafka_and_all_it_needs() -> None:
    assert len(LOCKED) == 46  # 45 of Kafka and the backend of slf4j
    assert {jar.coordinates for jar in LOCKED} >= {jars.KAFKA, jars.VOICE}
    assert len({jar.file_name for jar in LOCKED}) == len(LOCKED)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in LOCKED)


def test_a_lock_reads_back_as_it_was_written() -> None:
    assert parse_lock(format_lock(list(LOCKED))) == LOCKED
    assert parse_lock("# nothing\n\n") == ()


def test_present_and_right_jars_make_a_class_path(tmp_path: Path) -> None:
    jar, lock = locked_file(tmp_path, b"right")
    assert class_path(tmp_path, lock) == str(jar)


@pytest.mark.parametrize("content", [b"", b"wrong", b"righ"])
def test_a_jar_that_differs_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    jar, lock = locked_file(tmp_path, b"right")
    jar.write_bytes(content)
    with pytest.raises(LocalRuntimeError, match=r"thing-1.0.jar is not the org.example:thing:1.0"):
        class_path(tmp_path, lock)


def test_a_jar_that_cannot_be_had_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "maven", lambda _: Unreachable())
    _, lock = locked_file(tmp_path, b"right")
    (tmp_path / "thing-1.0.jar").unlink()
    with pytest.raises(LocalRuntimeError, match=r"cannot fetch org\.example:thing:1\.0") as caught:
        class_path(tmp_path, lock)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.glob("*.jar")) == []


def test_what_is_missing_is_fetched_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "maven", Repository)
    jar, lock = locked_file(tmp_path, b"right")
    jar.unlink()
    said: list[str] = []
    assert class_path(tmp_path, lock, said.append) == str(jar)
    assert jar.read_bytes() == b"right"
    assert [line[:15] for line in said] == ["fetching 1 jars"]


def test_the_cache_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert jars.cache_folder() == tmp_path / "nightclerk" / "kafka-4.3.0"


def test_a_jar_is_named_as_maven_names_it() -> None:
    assert Jar("a.b:c_2.13:4.3.0", "").file_name == "c_2.13-4.3.0.jar"


class Repository:
    """A Maven that has every artifact, all with the same bytes."""

    def __init__(self, folder: Path) -> None:
        self.cached_path = folder / "fetched.jar"

    @property
    def artifact(self) -> "Repository":
        return self

    def create_dependency(self, _coordinates: str) -> "Repository":
        return self

    def resolve(self) -> Path:
        self.cached_path.write_bytes(b"right")
        return self.cached_path


class Unreachable(Repository):
    """A Maven behind a broken wire."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent"))

    def resolve(self) -> Path:
        raise ConnectionError("no route")
