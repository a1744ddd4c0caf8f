"""Settings of the scoring service."""

from pathlib import Path

from services.chassis.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    health_port: int = 8083
    head: Path | None = None
    """Folder of a head's checkpoint; the default head when absent."""
