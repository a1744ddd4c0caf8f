"""The services of the house: what runs each, where its settings stand, which servers it needs.

Nothing is imported here but names, so that the command line can list them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings


@dataclass(frozen=True)
class Service:
    """`python -m module`. With `per_backbone` one process runs for each network of the stack."""

    name: str
    module: str
    settings: str
    purpose: str
    extra: str
    """The part of the distribution that it needs."""
    per_backbone: bool = False

    def settings_class(self) -> "type[BaseSettings]":
        """Imports the service's settings, and with them numpy, av or others it is made of."""
        module, name = self.settings.split(":")
        kind: type[BaseSettings] = getattr(import_module(module), name)
        return kind


def _service(name: str, settings: str, purpose: str, **more: bool) -> Service:
    where = f"services.{name}"
    return Service(name, where, f"{where}.config:{settings}", purpose, name, **more)


ROSTER: Mapping[str, Service] = {
    one.name: one
    for one in (
        _service("ingest", "IngestSettings", "Cut videos into clips."),
        _service("features", "FeaturesSettings", "Turn clips into embeddings.", per_backbone=True),
        _service("scoring", "ScoringSettings", "Turn embeddings into scores and alerts."),
        _service("alerts", "AlertsSettings", "Tell people of alerts, with evidence."),
        _service("api", "ApiSettings", "Serve the REST API and the dashboard."),
    )
}

OF_THE_COMMAND_LINE = ("api_url",)
"""Settings that only commands read."""
