"""Settings of a judging process: those that it shares with episodes, and its port."""

from services.scoring.config import ScoringSettings


class JudgingSettings(ScoringSettings):
    health_port: int = 8083
