"""Settings of a replay worker."""

import os
from typing import Annotated

from pydantic import Field

from services.scoring.config import ScoringSettings


class ReplaySettings(ScoringSettings):
    health_port: int = 8087
    replays_at_once: Annotated[int, Field(ge=0, le=64)] = 0
    """Replays that a worker carries out side by side, each in a process of its own. 0: one for
    every two cores, so that what is live keeps the others."""
    replay_checkpoint_s: Annotated[float, Field(gt=0)] = 5.0
    """How often a replay notes how far it is; after kill -9 it goes on from there."""
    replay_niceness: Annotated[int, Field(ge=0, le=19)] = 19
    """How far replays stand back behind what is live on the same machine; at 19 they have what
    nobody else wants."""

    @property
    def side_by_side(self) -> int:
        """`replays_at_once`, or what the cores allow."""
        return self.replays_at_once or max(1, len(os.sched_getaffinity(0)) // 2)
