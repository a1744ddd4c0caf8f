"""Run the features service: `python -m services.features`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka
from services.chassis.service import Runnable, run
from services.features.config import FeaturesSettings


def main() -> None:
    settings = read_or_exit(FeaturesSettings)
    needs = (require_kafka,)
    run("features", settings, lambda: _build(settings), needs)


def _build(settings: FeaturesSettings) -> Runnable:
    # Networks take seconds to import: wrong settings and servers that are away are told before.
    from services.features.service import build

    return build(settings)


if __name__ == "__main__":
    main()
