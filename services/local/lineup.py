"""Which processes of which services a stack has, and what each of them is told.

A service that looks through one network at a time runs once for each network of the stack.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.local.addresses import from_here
from services.local.config import LocalSettings
from services.local.ports import kept_ports, require_free
from services.local.probes import http_probe
from services.local.process import ProcessPlan
from services.local.roster import ROSTER, Service


@dataclass(frozen=True)
class Member:
    """One process of a service; `network` is the backbone it is for, where it is for one."""

    service: Service
    network: str
    name: str
    port: int
    host: str

    @property
    def own_environment(self) -> dict[str, str]:
        """What it is told beside what all are told."""
        kind = "API" if self.service.name == "api" else "HEALTH"
        network = {"NIGHTCLERK_BACKBONE": self.network} if self.network else {}
        return network | {
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


def members(settings: LocalSettings, names: tuple[str, ...]) -> Iterator[Member]:
    """The processes of these services. Raises LocalRuntimeError for the first port that is taken.

    With several networks a process is called after its own; those of the second and later ones
    listen on ports that the state folder remembers.
    """
    for name in names:
        service = ROSTER[name]
        networks = settings.networks if service.per_backbone else ("",)
        for place, network in enumerate(networks):
            called = f"{name}.{network}" if len(networks) > 1 else name
            port = settings.service_port(name) if place == 0 else _kept(settings, called)
            yield Member(service, network, called, port, settings.service_host(name))


def require_ports(settings: LocalSettings, names: tuple[str, ...]) -> None:
    """Raise the sentence for the first port of a service that is taken."""
    for name in names:
        host, port = settings.service_host(name), settings.service_port(name)
        require_free(port, f"the {name} service", f"NIGHTCLERK_{name.upper()}_PORT", host)


def environments(
    processes: tuple[Member, ...], shared: Mapping[str, str]
) -> list[tuple[str, dict[str, str]]]:
    """The service of each process, and all that stands in its environment."""
    return [
        (one.service.name, {**os.environ, **shared, **one.own_environment}) for one in processes
    ]


def _kept(settings: LocalSettings, name: str) -> int:
    return kept_ports(settings.state / "ports.json", (name,))[name]
