"""Settings of an episodes process: those that it shares with judging, and how long to wait."""

from typing import Annotated

from pydantic import Field

from services.scoring.config import ScoringSettings


class EpisodesSettings(ScoringSettings):
    health_port: int = 8085
    camera_silent_s: Annotated[float, Field(gt=0)] = 30.0
    """So many seconds without a clip of a camera, beyond the clips that are judged together, end
    its open episodes."""
    upload_silent_s: Annotated[float, Field(gt=0)] = 1800.0
    """The same for an uploaded video, whose clips may wait behind those of others."""
