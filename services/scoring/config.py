"""Settings of the scoring service."""

from pathlib import Path

from services.chassis.errors import WrongSettings
from services.chassis.settings import ServiceSettings
from services.scoring.folders import DEFAULT, checkpoints, require_backbone


class ScoringSettings(ServiceSettings):
    health_port: int = 8083
    head: Path | None = None
    """A checkpoint's folder, or one whose subfolders are checkpoints of heads that look side by
    side; the detector that comes with the product when absent.
    """

    def require_usable(self) -> None:
        """Raises WrongSettings when there is no readable checkpoint in `head`."""
        try:
            checkpoints(self.head or DEFAULT)
        except ValueError as error:
            raise WrongSettings(f"NIGHTCLERK_HEAD: {error}.") from None

    def require_backbone(self, backbone: str) -> None:
        """Raise ValueError when a head is made for another one."""
        require_backbone(self.head or DEFAULT, backbone)
