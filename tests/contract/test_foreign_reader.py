"""Every topic can be read with kcat, Node and the JSON Schemas alone, without a line of ours."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from schemas import documents, generate
from schemas.base import Message
from schemas.samples import samples
from schemas.topics import Topic
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing

pytestmark = pytest.mark.integration
SCRIPT = Path(__file__).with_name("foreign_reader.mjs")
PACKAGES = ("@msgpack/msgpack@3", "ajv@8", "ajv-formats@3")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside its packages; node_modules never lies in the repository."""
    missing = [tool for tool in ("kcat", "node", "npm") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on PATH")
    folder = tmp_path_factory.mktemp("foreign")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"npm installs nothing here: {(done.stderr or done.stdout)[-300:]}")
    return Path(shutil.copy(SCRIPT, folder))


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> ServiceSettings:
    """All topics of the registry, with one record for every message that may lie there."""
    settings = ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)
    publisher = KafkaPublisher(settings, "test")
    for topic in documents.all_topics():
        for message in expected(topic):
            publisher.publish(Outgoing(topic, message))
    publisher.flush()
    return settings


def expected(topic: Topic) -> list[Message]:
    return [sample for sample in samples() if type(sample) in topic.messages]


def taken_by_kcat(settings: ServiceSettings, topic: Topic, path: Path) -> Path:
    command = ["kcat", "-C", "-q", "-e", "-b", settings.kafka_bootstrap, "-o", "beginning"]
    command += ["-t", settings.topic_prefix + topic.name, "-f", "%K %k%S %s"]
    command += ["-X", "fetch.wait.max.ms=10"]  # the end is known as soon as the broker answers
    with path.open("wb") as output:
        subprocess.run(command, stdout=output, check=True, timeout=300)
    return path


def test_every_topic_is_read_by_a_stranger(
    reader: Path, settings: ServiceSettings, tmp_path: Path
) -> None:
    topics = documents.all_topics()
    files = [taken_by_kcat(settings, topic, tmp_path / topic.name) for topic in topics]
    records = read_by_node(reader, files)
    for topic in topics:
        found = {one["message"]["type"]: one for one in records if one["file"] == topic.name}
        assert set(found) == {message.type for message in expected(topic)}, topic.name
        for message in expected(topic):
            one = found[message.type]
            assert one["valid"], one["errors"]
            assert one["key"] == message.key
            assert one["message"] == documents.view(message)


def read_by_node(reader: Path, files: list[Path]) -> list[dict[str, Any]]:
    command = ["node", reader.name, str(generate.HERE / "json"), *map(str, files)]
    done = subprocess.run(command, cwd=reader.parent, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
