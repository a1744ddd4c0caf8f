"""The jars of Apache Kafka: locked by coordinates and sha256, fetched once, checked at each start.

`python -m services.local.jars` resolves the coordinates anew and prints a lock.
"""

import fcntl
import hashlib
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from services.local import LocalRuntimeError

KAFKA = "org.apache.kafka:kafka_2.13:4.3.0"
VOICE = "org.slf4j:slf4j-simple:1.7.36"  # without a backend of slf4j Kafka logs nothing at all
LOCK = Path(__file__).with_name("kafka-4.3.0.lock")
ATTEMPTS = 3


@dataclass(frozen=True)
class Jar:
    """One locked jar: Maven coordinates `group:artifact:version` and the digest of its bytes."""

    coordinates: str
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


def parse_lock(text: str) -> tuple[Jar, ...]:
    """Lines of `sha256  coordinates`; `#` begins a comment."""
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return tuple(Jar(coordinates=fields[1], sha256=fields[0]) for fields in lines if fields)


def cache_folder() -> Path:
    """Where the jars lie for this user, shared by all checkouts."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nightclerk" / LOCK.stem


def class_path(
    folder: Path | None = None, lock: Path = LOCK, say: Callable[[str], None] = lambda _: None
) -> str:
    """The class path of Kafka: every jar of the lock, present and checked.

    Fetches what is missing, and says so. Raises LocalRuntimeError, naming the jar, when one cannot
    be had or its bytes are not the locked ones.
    """
    folder = folder or cache_folder()
    jars = parse_lock(lock.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder / ".lock"):
        missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
        if missing:
            say(f"fetching {len(missing)} jars of {KAFKA} into {folder}, this once")
            fetch(missing, folder)
    for jar in jars:
        check(jar, folder / jar.file_name)
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars)


def check(jar: Jar, path: Path) -> None:
    """Raise when the file is not, byte for byte, the locked jar."""
    if digest(path) != jar.sha256:
        raise LocalRuntimeError(
            f"{path} is not the {jar.coordinates} of the lock (its sha256 differs);"
            " delete it and start again to fetch it anew"
        )


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Held by one process at a time: two first starts must not fetch into each other."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch(jars: list[Jar], folder: Path) -> None:
    """Fetch jars by their coordinates; a file appears whole and checked, or not at all."""
    trust_the_system()
    with TemporaryDirectory(dir=folder) as workplace, ThreadPoolExecutor(4) as pool:
        context = maven(Path(workplace))
        for jar, path in zip(
            jars, pool.map(lambda jar: fetch_one(jar, context), jars), strict=True
        ):
            check(jar, path)
            path.replace(folder / jar.file_name)


def fetch_one(jar: Jar, context: Any) -> Path:
    artifact = context.create_dependency(jar.coordinates).artifact
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Path(artifact.resolve())
        except (OSError, RuntimeError) as error:
            Path(artifact.cached_path).unlink(missing_ok=True)  # half a jar would count as cached
            if attempt == ATTEMPTS:
                raise LocalRuntimeError(
                    f"cannot fetch {jar.coordinates}, a jar of Kafka, from Maven Central"
                    f" ({type(error).__name__}); check network and proxy settings, start again"
                ) from error
    raise AssertionError("unreachable")


def trust_the_system() -> None:
    """Let HTTPS trust what this machine trusts, where the environment does not say otherwise."""
    if os.environ.keys() & {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}:
        return
    candidates = (
        os.environ.get("PIP_CERT"),
        ssl.get_default_verify_paths().cafile,
        "/etc/ssl/certs/ca-certificates.crt",
    )
    for bundle in candidates:
        if bundle and Path(bundle).is_file():
            os.environ["REQUESTS_CA_BUNDLE"] = bundle
            return


def maven(repository: Path) -> Any:
    """jgo's view of Maven: the user's own mirrors first, then Central."""
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    remotes = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=repository, remote_repos=remotes, timeout=60)


def resolve_lock() -> str:
    """Resolve Kafka's dependencies from their POMs and lock what comes out."""
    trust_the_system()
    with TemporaryDirectory() as workplace:
        context = maven(Path(workplace))
        wanted = [context.create_dependency(coordinates) for coordinates in (KAFKA, VOICE)]
        given, drawn = context.resolver.resolve(wanted)
        needed = [*given, *(one for one in drawn if one.scope in ("compile", "runtime"))]
        jars = [
            Jar(
                coordinates=f"{one.groupId}:{one.artifactId}:{one.version}",
                sha256=digest(Path(one.artifact.resolve())),
            )
            for one in needed
        ]
    return format_lock(jars)


def format_lock(jars: list[Jar]) -> str:
    """The text `parse_lock` reads, sorted by coordinates."""
    head = f"# {KAFKA} with what it needs, and {VOICE}"
    lines = (
        f"{jar.sha256}  {jar.coordinates}" for jar in sorted(jars, key=lambda j: j.coordinates)
    )
    return "\n".join([head, *lines, ""])


if __name__ == "__main__":
    sys.stdout.write(resolve_lock())
