"""Run the features service: `python -m services.features`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka
from services.chassis.service import run
from services.features.config import FeaturesSettings
from services.features.service import build


def main() -> None:
    settings = read_or_exit(FeaturesSettings)
    needs = (require_kafka,)
    run("features", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
