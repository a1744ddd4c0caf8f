"""Apache Kafka as one KRaft node: its properties, its one-time format and its command line."""

import asyncio
import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from services.local import LocalRuntimeError
from services.local.config import LOOPBACK

HEAP = ("-Xmx384m", "-Xms96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Without the compiler that optimises: it takes a fifth of a core for minutes after each start, and
a broker for one machine is no faster for it (judging and episodes: the same rates).
"""
MESSAGE_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class KafkaNode:
    """One broker that is its own controller; data, properties and identity lie in `folder`."""

    folder: Path
    port: int
    controller_port: int
    java: Path
    class_path: str

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def properties_path(self) -> Path:
        return self.folder / "server.properties"

    def prepare(self) -> None:
        """Write the properties; on the first start format the data folder. Idempotent."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.properties_path.write_text(format_properties(self.properties()))
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def properties(self) -> dict[str, str]:
        """The node's configuration, as Kafka spells it."""
        return node_properties(self.folder / "data", self.port, self.controller_port)

    def command(self) -> tuple[str, ...]:
        """The command line of the broker; it runs in the foreground and logs to stderr."""
        return (*self._java(*HEAP), "kafka.Kafka", str(self.properties_path))

    def _java(self, *options: str) -> tuple[str, ...]:
        voice = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",)
        return (str(self.java), *options, *voice, "-cp", self.class_path)

    def _format(self) -> None:
        storage = ("kafka.tools.StorageTool", "format", "--ignore-formatted")
        command = (*self._java("-Xmx128m", "-XX:TieredStopAtLevel=1"), *storage)
        done = subprocess.run(
            (*command, "--cluster-id", new_cluster_id(), "--config", str(self.properties_path)),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            said = why(done.stderr) or why(done.stdout)
            raise LocalRuntimeError(f"Kafka cannot format {self.folder / 'data'}: {said}")


def node_properties(data: Path, port: int, controller_port: int) -> dict[str, str]:
    """One node, loopback only, nothing replicated, no topic by accident."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "num.partitions": "4",
        "message.max.bytes": str(MESSAGE_MAX_BYTES),
        "log.retention.check.interval.ms": "30000",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        # After kill -9 the controller keeps the old broker's place for this long (default 9 s).
        "broker.session.timeout.ms": "5000",
        "broker.heartbeat.interval.ms": "1000",
        "group.initial.rebalance.delay.ms": "0",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    }


def why(output: str) -> str:
    """What a Java program said last, less the places of its stack trace."""
    places = (" ", "\t", "...")
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith(places)]
    return lines[-1].removeprefix("Caused by: ") if lines else ""


def new_cluster_id() -> str:
    """A random id as Kafka writes them; never with a leading dash, which would be an option."""
    identity = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    return identity.replace("-", "A", 1) if identity.startswith("-") else identity


def format_properties(properties: dict[str, str]) -> str:
    """The text of a Java properties file; backslashes and blanks in values survive."""
    escaped = ((key, value.replace("\\", "\\\\")) for key, value in properties.items())
    return "".join(f"{key}={value}{os.linesep}" for key, value in escaped)


class KafkaProbe:
    """Asks a broker for its metadata, over one connection that is kept."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client: object = None

    async def __call__(self) -> bool:
        """Whether the broker answers now; takes 2 s at most."""
        host, port = self._bootstrap.split(",")[0].rsplit(":", 1)
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 1)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> bool:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        if self._client is None:
            # Silent: that the broker is away is what we want to find out.
            self._client = AdminClient({"bootstrap.servers": self._bootstrap, "log_level": 0})
        try:
            return bool(self._client.list_topics(timeout=2).brokers)  # type: ignore[attr-defined]
        except KafkaException:
            return False
