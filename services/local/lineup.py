"""Which processes of which services a stack has, and what each of them is told.

One for each network that sees and for each backbone that is judged; all else once.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.chassis.environment import read
from services.local import LocalRuntimeError
from services.local.addresses import door, from_here
from services.local.config import LocalSettings
from services.local.ports import kept_ports, require_free
from services.local.probes import http_probe
from services.local.process import ProcessPlan
from services.local.roster import ROSTER, Service


@dataclass(frozen=True)
class Member:
    """One process of a service; `task` are the settings that tell it from its siblings."""

    service: Service
    name: str
    task: Mapping[str, str]
    port: int
    host: str

    @property
    def own_environment(self) -> dict[str, str]:
        """What it is told beside what all are told."""
        kind = "API" if self.service.name == "api" else "HEALTH"
        return {
            **self.task,
            f"NIGHTCLERK_{kind}_HOST": self.host,
            f"NIGHTCLERK_{kind}_PORT": str(self.port),
        }

    def plan(self, shared: Mapping[str, str]) -> ProcessPlan:
        seen_from_here = from_here(self.host)
        return ProcessPlan(
            name=self.name,
            command=(sys.executable, "-m", self.service.module),
            probe=http_probe(seen_from_here, self.port),
            address=f"http://{seen_from_here}:{self.port}",
            environment={**shared, **self.own_environment},
        )


def members(settings: LocalSettings, names: Sequence[str]) -> Iterator[Member]:
    """The processes of these services. Raises LocalRuntimeError for detectors that cannot be.

    One that is alone is called after its service, several after their network or backbone
    too. Those after the first listen on ports that the state folder remembers.
    """
    for name in filter(settings.runs, names):
        service = ROSTER[name]
        for place, (suffix, task) in enumerate(_tasks(service, settings)):
            called = f"{name}.{suffix}" if suffix else name
            port = settings.service_port(name) if place == 0 else _kept(settings, called)
            yield Member(service, called, task, port, settings.service_host(name))


def _tasks(service: Service, settings: LocalSettings) -> list[tuple[str, dict[str, str]]]:
    """What tells the processes of a service apart: a suffix of the name, and settings."""
    if service.each == "network":
        return _networks(settings)
    if service.each == "detector":
        return _detectors()
    return [("", door(settings) if service.name == "api" else {})]


def _networks(settings: LocalSettings) -> list[tuple[str, dict[str, str]]]:
    several = len(settings.networks) > 1
    return [
        (network if several else "", {"NIGHTCLERK_BACKBONE": network} if network else {})
        for network in settings.networks
    ]


def _detectors() -> list[tuple[str, dict[str, str]]]:
    from services.scoring.config import ScoringSettings
    from services.scoring.runs import judging_processes

    try:
        found = judging_processes(read(ScoringSettings))
    except ValueError as error:
        raise LocalRuntimeError(f"NIGHTCLERK_HEAD: {error}") from None
    several = len(found) > 1
    return [(backbone if several else "", {"NIGHTCLERK_BACKBONE": backbone}) for backbone in found]


def require_ports(settings: LocalSettings, names: Sequence[str]) -> None:
    """Raise the sentence for the first port of a service that is taken."""
    for name in filter(settings.runs, names):
        host, port = settings.service_host(name), settings.service_port(name)
        require_free(port, f"the {name} service", f"NIGHTCLERK_{name.upper()}_PORT", host)


def environments(
    processes: Sequence[Member], shared: Mapping[str, str]
) -> list[tuple[str, dict[str, str]]]:
    """The service of each process, and all that stands in its environment."""
    return [
        (one.service.name, {**os.environ, **shared, **one.own_environment}) for one in processes
    ]


def _kept(settings: LocalSettings, name: str) -> int:
    return kept_ports(settings.state / "ports.json", (name,))[name]
