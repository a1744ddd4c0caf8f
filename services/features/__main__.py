"""Run the features service: `python -m services.features`."""

from services.chassis.environment import read_or_exit
from services.chassis.service import run
from services.features.config import FeaturesSettings
from services.features.service import build


def main() -> None:
    settings = read_or_exit(FeaturesSettings)
    run("features", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
