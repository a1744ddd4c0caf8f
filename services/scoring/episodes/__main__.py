"""Run an episodes process: `python -m services.scoring.episodes`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka
from services.chassis.service import run
from services.scoring.episodes.config import EpisodesSettings
from services.scoring.episodes.service import build


def main() -> None:
    settings = read_or_exit(EpisodesSettings)
    needs = (require_kafka,)
    run("scoring.episodes", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
