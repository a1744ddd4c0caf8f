"""Run a judging process: `python -m services.scoring.judging`."""

from services.chassis.service import run
from services.scoring.judging.config import JudgingSettings
from services.scoring.judging.service import build


def main() -> None:
    settings = JudgingSettings()
    run("scoring.judging", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
