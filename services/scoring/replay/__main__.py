"""Run a replay worker: `python -m services.scoring.replay`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka, require_store
from services.chassis.service import run
from services.scoring.replay.config import ReplaySettings
from services.scoring.replay.worker import build


def main() -> None:
    settings = read_or_exit(ReplaySettings)
    needs = (require_kafka, require_store)
    run("scoring.replay", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
