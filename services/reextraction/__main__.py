"""Run re-extraction: `python -m services.reextraction`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka, require_store
from services.chassis.service import run
from services.reextraction.config import ReextractionSettings
from services.reextraction.service import build


def main() -> None:
    settings = read_or_exit(ReextractionSettings)
    run("reextraction", settings, lambda: build(settings), (require_kafka, require_store))


if __name__ == "__main__":
    main()
