"""Run an episodes process: `python -m services.scoring.episodes`."""

from services.chassis.service import run
from services.scoring.episodes.config import EpisodesSettings
from services.scoring.episodes.service import build


def main() -> None:
    settings = EpisodesSettings()
    run("scoring.episodes", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
