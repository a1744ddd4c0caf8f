"""Settings of a replay worker."""

from typing import Annotated

from pydantic import Field

from services.scoring.config import ScoringSettings


class ReplaySettings(ScoringSettings):
    health_port: int = 8087
    replays_at_once: Annotated[int, Field(ge=1, le=64)] = 2
    """Replays that a worker carries out side by side, each in a process of its own."""
    replay_checkpoint_s: Annotated[float, Field(gt=0)] = 5.0
    """How often a replay notes how far it is; after kill -9 it goes on from there."""
    replay_niceness: Annotated[int, Field(ge=0, le=19)] = 19
    """How far replays stand back behind what is live on the same machine."""
