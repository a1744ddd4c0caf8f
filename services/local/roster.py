"""The services of the house: what runs each, where its settings stand, and how many there are.

Nothing is imported here but names, so that the command line can list them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

Each = Literal["stack", "network", "detector"]
"""One process runs for the whole stack, or for each of these."""


@dataclass(frozen=True)
class Service:
    """`python -m module`; its settings are a class of `module.config`."""

    name: str
    module: str
    settings: str
    purpose: str
    extra: str
    """The part of the distribution that it needs."""
    each: Each = "stack"

    def settings_class(self) -> "type[BaseSettings]":
        """Imports the service's settings, and with them numpy, av or others it is made of."""
        kind: type[BaseSettings] = getattr(import_module(f"{self.module}.config"), self.settings)
        return kind


_SERVICES = (
    Service("ingest", "services.ingest", "IngestSettings", "Cut videos into clips.", "ingest"),
    Service(
        "features",
        "services.features",
        "FeaturesSettings",
        "Turn clips into embeddings.",
        "features",
        each="network",
    ),
    Service(
        "judging",
        "services.scoring.judging",
        "JudgingSettings",
        "Let heads judge what networks saw.",
        "scoring",
        each="detector",
    ),
    Service(
        "episodes",
        "services.scoring.episodes",
        "EpisodesSettings",
        "Make scores and alerts of judgements.",
        "scoring",
    ),
    Service(
        "archive",
        "services.scoring.archive",
        "ArchiveSettings",
        "Keep what networks saw as Parquet in the object store.",
        "scoring",
    ),
    Service(
        "replay",
        "services.scoring.replay",
        "ReplaySettings",
        "Judge the past again.",
        "scoring",
    ),
    Service(
        "reextraction",
        "services.reextraction",
        "ReextractionSettings",
        "Embed recordings anew, for replays.",
        "features",
    ),
    Service(
        "alerts",
        "services.alerts",
        "AlertsSettings",
        "Tell people of alerts, with evidence.",
        "alerts",
    ),
    Service("api", "services.api", "ApiSettings", "Serve the REST API and the dashboard.", "api"),
)

ROSTER: Mapping[str, Service] = {service.name: service for service in _SERVICES}

OF_THE_COMMAND_LINE = ("api_url",)
"""Settings that only commands read."""
