"""Run a judging process: `python -m services.scoring.judging`."""

from services.chassis.environment import read_or_exit
from services.chassis.service import run
from services.scoring.judging.config import JudgingSettings
from services.scoring.judging.service import build


def main() -> None:
    settings = read_or_exit(JudgingSettings)
    run("scoring.judging", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
