"""Run a judging process: `python -m services.scoring.judging`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka
from services.chassis.service import run
from services.scoring.judging.config import JudgingSettings
from services.scoring.judging.service import build


def main() -> None:
    settings = read_or_exit(JudgingSettings)
    needs = (require_kafka,)
    run("scoring.judging", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
