"""Run the scoring service: `python -m services.scoring`."""

from services.chassis.environment import read_or_exit
from services.chassis.service import run
from services.scoring.config import ScoringSettings
from services.scoring.service import build


def main() -> None:
    settings = read_or_exit(ScoringSettings)
    run("scoring", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
