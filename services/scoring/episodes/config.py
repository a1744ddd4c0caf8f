"""Settings of an episodes process: those that it shares with judging, and how long to wait."""

from typing import Annotated

from pydantic import Field

from services.chassis.errors import WrongSettings
from services.scoring import runs
from services.scoring.config import ScoringSettings


class EpisodesSettings(ScoringSettings):
    health_port: int = 8085
    camera_silent_s: Annotated[float, Field(gt=0)] = 30.0
    """So many seconds without a clip of a camera, beyond the clips that are judged together, end
    its open episodes."""
    upload_silent_s: Annotated[float, Field(gt=0)] = 1800.0
    """The same for an uploaded video, whose clips may wait behind those of others."""

    def require_usable(self) -> None:
        """Raises WrongSettings when the folders of detectors cannot be what they should."""
        try:
            runs.detectors(self)
        except ValueError as error:
            raise WrongSettings(f"NIGHTCLERK_HEAD: {error}.") from None
