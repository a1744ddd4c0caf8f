"""Fixtures of all tests: real servers, each started at most once a run, and fresh names in them."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from hypothesis import HealthCheck, settings

from services.local.receivers import SmtpSink, WebhookReceiver
from services.local.stack import LocalStack
from tests.servers import (
    S3_SERVERS,
    MariaServer,
    S3Server,
    mariadb_missing,
    running_mariadb,
    running_minio,
)

# Nobody's settings reach the tests: they must never touch the servers that those name.
for setting in [name for name in os.environ if name.startswith("NIGHTCLERK_")]:
    del os.environ[setting]

# The tests run as many side by side as there are cores. Were each to compute on all of them, the
# threads of OpenMP would spin while they wait for one another: what takes a core 20 s took 600.
os.environ["OMP_NUM_THREADS"] = "1"

# A busy machine is no counterexample.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m integration...` or `-m e2e...`, leave out the files that cannot have such a test:
    neither they nor the conftest.py of their folder give the mark.

    To read a file costs nothing; to import them all takes minutes and a gigabyte a process.
    """
    wanted = str(config.option.markexpr).partition(" ")[0]
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if wanted not in ("integration", "e2e") or not is_test:
        return None
    givers = (collection_path, collection_path.with_name("conftest.py"))
    texts = [giver.read_text("utf-8") for giver in givers if giver.exists()]
    return None if any(f"mark.{wanted}" in text for text in texts) else True


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a real, empty Apache Kafka."""
    with LocalStack.infrastructure(tmp_path_factory.mktemp("kafka"), ["kafka"]) as stack:
        yield stack.bootstrap


@pytest.fixture
def unique() -> str:
    """A name no other test has."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def group(unique: str) -> str:
    """A consumer group of this test alone."""
    return f"{unique}-group"


@pytest.fixture
def new_topic(kafka: str, unique: str) -> Callable[..., str]:
    """Makes a topic of this test alone: `new_topic("in", partitions=2)` gives its name."""

    def make(name: str = "topic", partitions: int = 1, **config: str) -> str:
        full = f"{unique}-{name}"
        options = {key.replace("_", "."): value for key, value in config.items()}
        wanted = NewTopic(full, partitions, replication_factor=1, config=options)
        admin = AdminClient({"bootstrap.servers": kafka})
        admin.create_topics([wanted])[full].result(120)
        return full

    return make


@pytest.fixture
def topic_prefix(kafka: str, unique: str) -> str:
    """The `topic_prefix` setting under which all topics of the registry exist, empty."""
    from tests.topics import fresh_topics

    return fresh_topics(kafka, unique)


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS, the store of the local runtime."""
    with LocalStack.infrastructure(tmp_path_factory.mktemp("weed"), ["store"]) as stack:
        yield S3Server(stack.s3_endpoint, stack.s3_access_key, stack.s3_secret_key)


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """MinIO, where there is a `minio` on PATH."""
    with running_minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture(scope="session", params=S3_SERVERS)
def s3(request: pytest.FixtureRequest) -> S3Server:
    """A real S3 server; all that are there in turn."""
    server: S3Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaServer]:
    """A real MariaDB, or a skip that says what is missing."""
    if reason := mariadb_missing():
        pytest.skip(reason)
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaServer, unique: str) -> str:
    """The URL of an empty MariaDB database of this test alone."""
    return mariadb.fresh_database(unique)


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an empty database of this test alone: SQLite, then MariaDB."""
    if request.param == "mariadb":
        return str(request.getfixturevalue("mariadb_url"))
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.db'}"


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    """An SMTP server that keeps what it gets in `inbox`."""
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def webhook() -> Iterator[WebhookReceiver]:
    """A webhook receiver that keeps what it gets in `inbox`."""
    with WebhookReceiver() as receiver:
        yield receiver
