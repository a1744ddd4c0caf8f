"""Run the features service: `python -m services.features`."""

from services.chassis.service import run
from services.features.config import FeaturesSettings
from services.features.service import build


def main() -> None:
    settings = FeaturesSettings()
    run("features", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
