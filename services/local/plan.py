"""What runs on this machine: the servers, the steps after them, the services, their addresses."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from services.chassis.errors import TransientError
from services.local import LocalRuntimeError, check, lineup
from services.local.addresses import addresses, s3_keys, shared_environment
from services.local.config import LOOPBACK, SERVICES, LocalSettings
from services.local.jars import class_path
from services.local.java import find_java
from services.local.kafka import KafkaNode, KafkaProbe
from services.local.objectstore import (
    GRPC_TWIN,
    INNER_PORTS,
    ObjectStore,
    find_weed,
)
from services.local.ports import kept_ports, require_free
from services.local.probes import http_probe
from services.local.process import ProcessPlan
from services.local.running import neighbours
from services.local.upkeep import Upkeep, vacuuming

Step = Callable[[], list[str]]


@dataclass(frozen=True)
class Parts:
    """Which parts to run: the whole stack, or some of it for tests."""

    kafka: bool = True
    store: bool = True
    services: tuple[str, ...] = SERVICES


@dataclass(frozen=True)
class Plan:
    """Servers start together and stop in this order; a step's lines go to the log."""

    home: Path
    servers: tuple[ProcessPlan, ...]
    steps: tuple[tuple[str, Step], ...]
    services: tuple[ProcessPlan, ...]
    addresses: dict[str, str]
    upkeep: tuple[Upkeep, ...] = ()

    @property
    def log(self) -> Path:
        return log_path(self.home)


def log_path(home: Path) -> Path:
    return home / "log" / "nightclerk.log"


def assemble(settings: LocalSettings, parts: Parts, say: Callable[[str], None]) -> Plan:
    """Check ports and tools, fetch and format what is missing; nothing runs yet.

    The settings of all services are read, each as its process will. Raises LocalRuntimeError.
    `say` hears of what takes more than a moment.
    """
    require_ports(settings, parts)
    home = settings.state
    environment = shared_environment(settings)
    members = tuple(lineup.members(settings, parts.services))
    check.require(lineup.environments(members, environment), servers_elsewhere(settings))
    servers: list[ProcessPlan] = []
    if parts.kafka and not settings.kafka_bootstrap:
        servers.append(kafka_plan(settings, say))
    upkeep: tuple[Upkeep, ...] = ()
    if parts.store and not settings.s3_endpoint:
        store = local_store(settings)
        servers.append(store_plan(store))
        upkeep = (vacuuming(store.folder / "data", store.inner_ports["master.port"]),)
    return Plan(
        home=home,
        servers=tuple(servers),
        steps=steps(settings, environment) if parts.services else (),
        services=tuple(one.plan(environment) for one in members),
        addresses=addresses(settings),
        upkeep=upkeep,
    )


def require_ports(settings: LocalSettings, parts: Parts) -> None:
    """Raise the sentence for the first port that is taken."""
    try:
        _require_ports(settings, parts)
    except LocalRuntimeError as error:
        raise LocalRuntimeError(f"{error}{neighbours(settings.state)}") from None


def _require_ports(settings: LocalSettings, parts: Parts) -> None:
    if parts.kafka and not settings.kafka_bootstrap:
        require_free(settings.kafka_port, "Kafka", "NIGHTCLERK_KAFKA_PORT")
    if parts.store and not settings.s3_endpoint:
        require_free(settings.s3_port, "the S3 store", "NIGHTCLERK_S3_PORT")
    lineup.require_ports(settings, parts.services)


def servers_elsewhere(settings: LocalSettings) -> tuple[str, ...]:
    """Those that others run, which must answer before anything here starts."""
    given = {
        "kafka": settings.kafka_bootstrap,
        "store": settings.s3_endpoint,
        "database": settings.database_url,
    }
    return tuple(name for name, address in given.items() if address)


def kafka_plan(settings: LocalSettings, say: Callable[[str], None]) -> ProcessPlan:
    folder = settings.state / "kafka"
    inner = kept_ports(settings.state / "ports.json", ("kafka.controller",))
    node = KafkaNode(
        folder=folder,
        port=settings.kafka_port,
        controller_port=inner["kafka.controller"],
        java=find_java(),
        class_path=class_path(say=say),
    )
    node.prepare()
    return ProcessPlan(
        name="kafka",
        command=node.command(),
        probe=KafkaProbe(node.bootstrap),
        address=node.bootstrap,
        grace_s=20.0,
    )


def local_store(settings: LocalSettings) -> ObjectStore:
    kept = settings.state / "ports.json"
    return ObjectStore(
        folder=settings.state / "store",
        port=settings.s3_port,
        inner_ports=kept_ports(kept, INNER_PORTS, GRPC_TWIN) | kept_ports(kept, ("s3.port.grpc",)),
        weed=find_weed(),
        keys=s3_keys(settings),
    )


def store_plan(store: ObjectStore) -> ProcessPlan:
    store.prepare()
    return ProcessPlan(
        name="store",
        command=store.command(),
        probe=http_probe(LOOPBACK, store.port),
        address=store.endpoint,
        environment=store.environment(),
        grace_s=5.0,  # it may take 30 s, and what it acknowledged is on disk anyway
    )


def steps(settings: LocalSettings, environment: dict[str, str]) -> tuple[tuple[str, Step], ...]:
    """What has to be done between the servers and the services."""
    return (
        ("topics", partial(apply_topics, settings)),
        ("tables", partial(upgrade_tables, environment)),
    )


def apply_topics(settings: LocalSettings) -> list[str]:
    from services.chassis.settings import KafkaSettings
    from services.chassis.streaming.topics import TopicAdmin, registry

    given: dict[str, Any] = {"kafka_bootstrap": addresses(settings)["kafka"]}
    if not settings.kafka_bootstrap:
        given["kafka_security"] = "plaintext"
    try:
        reports = TopicAdmin(KafkaSettings(**given)).apply(registry())
    except TransientError as error:
        raise LocalRuntimeError(str(error)) from None
    return [
        f"{one.topic} {one.deed}: {one.detail}" for one in reports if one.deed != "as it should be"
    ]


def upgrade_tables(environment: dict[str, str]) -> list[str]:
    """Run the migrations in a process of their own: SQLAlchemy stays out of this one's memory."""
    done = subprocess.run(
        (sys.executable, "-m", "services.chassis.storage.migrations"),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode != 0:
        why = lines[-1] if lines else f"code {done.returncode}"
        raise LocalRuntimeError(f"the database cannot be brought up to date: {why}")
    return lines
