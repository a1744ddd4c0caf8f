"""What runs on this machine: the servers, the steps after them, the services, their addresses."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.local.config import LOOPBACK, SERVICES, LocalSettings
from services.local.errors import LocalRuntimeError
from services.local.jars import class_path
from services.local.java import find_java
from services.local.kafka import KafkaNode, KafkaProbe
from services.local.objectstore import (
    GRPC_TWIN,
    INNER_PORTS,
    Credentials,
    ObjectStore,
    credentials,
    find_weed,
)
from services.local.ports import kept_ports, require_free
from services.local.probes import http_probe
from services.local.process import ProcessPlan

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

    @property
    def log(self) -> Path:
        return log_path(self.home)


def log_path(home: Path) -> Path:
    return home / "log" / "nightclerk.log"


def assemble(settings: LocalSettings, parts: Parts, say: Callable[[str], None]) -> Plan:
    """Check ports and tools, fetch and format what is missing; nothing runs yet.

    Raises LocalRuntimeError. `say` hears of what takes more than a moment.
    """
    require_ports(settings, parts)
    if "api" in parts.services:
        require_safe_api(settings)
    if "features" in parts.services:
        require_weights()
    if {"features", "scoring"} <= set(parts.services):
        require_heads()
    home = settings.state
    home.mkdir(parents=True, exist_ok=True)
    servers: list[ProcessPlan] = []
    if parts.kafka and not settings.kafka_bootstrap:
        servers.append(kafka_plan(settings, say))
    if parts.store and not settings.s3_endpoint:
        servers.append(store_plan(settings))
    environment = shared_environment(settings)
    return Plan(
        home=home,
        servers=tuple(servers),
        steps=steps(settings, environment) if parts.services else (),
        services=tuple(service_plan(settings, name, environment) for name in parts.services),
        addresses=addresses(settings),
    )


def require_ports(settings: LocalSettings, parts: Parts) -> None:
    """Raise the sentence for the first port that is taken."""
    if parts.kafka and not settings.kafka_bootstrap:
        require_free(settings.kafka_port, "Kafka", "NIGHTCLERK_KAFKA_PORT")
    if parts.store and not settings.s3_endpoint:
        require_free(settings.s3_port, "the S3 store", "NIGHTCLERK_S3_PORT")
    for name in parts.services:
        setting = f"NIGHTCLERK_{name.upper()}_PORT"
        require_free(
            settings.service_port(name), f"the {name} service", setting, settings.service_host(name)
        )


def require_safe_api(settings: LocalSettings) -> None:
    """Raise what the API would end with, each time it is started, when it must not serve."""
    from services.api.config import ApiSettings, UnsafeSettings

    try:
        ApiSettings(api_host=settings.service_host("api")).require_safe()
    except UnsafeSettings as error:
        raise LocalRuntimeError(str(error)) from None


def require_weights() -> None:
    """Raise what features would end with, each time it is started, when its weights are missing."""
    from services.features.config import FeaturesSettings
    from services.features.weights import FetchError

    try:
        FeaturesSettings().require_weights()
    except FetchError as error:
        raise LocalRuntimeError(str(error)) from None


def require_heads() -> None:
    """Raise what scoring would end with; heads that features does not feed would wait for ever."""
    from services.features.config import FeaturesSettings
    from services.scoring.config import ScoringSettings

    try:
        ScoringSettings().require_backbone(FeaturesSettings().backbone)
    except ValueError as error:
        raise LocalRuntimeError(str(error)) from None


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


def store_plan(settings: LocalSettings) -> ProcessPlan:
    kept = settings.state / "ports.json"
    store = ObjectStore(
        folder=settings.state / "store",
        port=settings.s3_port,
        inner_ports=kept_ports(kept, INNER_PORTS, GRPC_TWIN) | kept_ports(kept, ("s3.port.grpc",)),
        weed=find_weed(),
        keys=s3_keys(settings),
    )
    store.prepare()
    return ProcessPlan(
        name="store",
        command=store.command(),
        probe=http_probe(LOOPBACK, settings.s3_port),
        address=store.endpoint,
        environment=store.environment(),
        grace_s=5.0,  # it may take 30 s, and what it acknowledged is on disk anyway
    )


def service_plan(settings: LocalSettings, name: str, shared: dict[str, str]) -> ProcessPlan:
    host, port = settings.service_host(name), settings.service_port(name)
    kind = "API" if name == "api" else "HEALTH"
    own = {f"NIGHTCLERK_{kind}_HOST": host, f"NIGHTCLERK_{kind}_PORT": str(port)}
    seen_from_here = from_here(host)
    return ProcessPlan(
        name=name,
        command=(sys.executable, "-m", f"services.{name}"),
        probe=http_probe(seen_from_here, port),
        address=f"http://{seen_from_here}:{port}",
        environment=shared | own,
    )


def shared_environment(settings: LocalSettings) -> dict[str, str]:
    """What every service is told: where the servers are and where state may lie."""
    where = addresses(settings)
    keys = s3_keys(settings)
    return {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": where["kafka"],
        "NIGHTCLERK_S3_ENDPOINT": where["s3"],
        "NIGHTCLERK_S3_ACCESS_KEY": keys.access_key,
        "NIGHTCLERK_S3_SECRET_KEY": keys.secret_key,
        "NIGHTCLERK_DATABASE_URL": database_url(settings),
        "NIGHTCLERK_STATE_DIR": str(settings.state),
        "NIGHTCLERK_DASHBOARD_URL": os.environ.get("NIGHTCLERK_DASHBOARD_URL", where["api"]),
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"])),
        "PYTHONUNBUFFERED": "1",
    }


def s3_keys(settings: LocalSettings) -> Credentials:
    """The key pair of the settings, else the one kept in the state folder."""
    if settings.s3_access_key and settings.s3_secret_key:
        return Credentials(settings.s3_access_key, settings.s3_secret_key.get_secret_value())
    return credentials(settings.state / "credentials.json")


def database_url(settings: LocalSettings) -> str:
    return settings.database_url or f"sqlite:///{settings.state / 'nightclerk.db'}"


def addresses(settings: LocalSettings) -> dict[str, str]:
    """Where everything is, as seen from this machine; nothing secret."""
    host = from_here(settings.service_host("api"))
    return {
        "kafka": settings.kafka_bootstrap or f"{LOOPBACK}:{settings.kafka_port}",
        "s3": settings.s3_endpoint or f"http://{LOOPBACK}:{settings.s3_port}",
        "api": f"http://{host}:{settings.api_port}",
    }


def from_here(host: str) -> str:
    """The address to reach a server on this machine that listens on `host`."""
    return LOOPBACK if host in ("0.0.0.0", "::") else host


def steps(settings: LocalSettings, environment: dict[str, str]) -> tuple[tuple[str, Step], ...]:
    """What has to be done between the servers and the services."""
    return (
        ("topics", partial(apply_topics, addresses(settings)["kafka"], settings.topic_prefix)),
        ("tables", partial(upgrade_tables, environment)),
    )


def apply_topics(bootstrap: str, prefix: str) -> list[str]:
    from services.chassis.settings import KafkaSettings
    from services.chassis.streaming.topics import TopicAdmin, registry

    settings = KafkaSettings(kafka_bootstrap=bootstrap, topic_prefix=prefix)
    reports = TopicAdmin(settings).apply(registry())
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
        raise LocalRuntimeError(f"the database cannot be brought up to date: {lines[-1:]}")
    return lines
