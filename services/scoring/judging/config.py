"""Settings of a judging process: those that it shares with episodes, and its port."""

from services.chassis.errors import WrongSettings
from services.scoring import runs
from services.scoring.config import ScoringSettings


class JudgingSettings(ScoringSettings):
    health_port: int = 8083

    def require_usable(self) -> None:
        """Raises WrongSettings when the folders of detectors cannot be what they should."""
        try:
            runs.chosen(self)
        except ValueError as error:
            raise WrongSettings(f"NIGHTCLERK_HEAD: {error}.") from None
