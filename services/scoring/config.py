"""Settings of the scoring service."""

from pathlib import Path

from services.chassis.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    health_port: int = 8083
    head: Path | None = None
    """A checkpoint's folder, or one whose subfolders are checkpoints of heads that look side by
    side; the detector that comes with the product when absent.
    """
