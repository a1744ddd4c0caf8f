"""Run the scoring service: `python -m services.scoring`."""

from services.chassis.service import run
from services.scoring.config import ScoringSettings
from services.scoring.service import build


def main() -> None:
    settings = ScoringSettings()
    run("scoring", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
