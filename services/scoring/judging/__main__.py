"""Run a judging process: `python -m services.scoring.judging`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka
from services.chassis.service import Runnable, run
from services.scoring.judging.config import JudgingSettings


def main() -> None:
    settings = read_or_exit(JudgingSettings)
    needs = (require_kafka,)
    run("scoring.judging", settings, lambda: _build(settings), needs)


def _build(settings: JudgingSettings) -> Runnable:
    # Networks take seconds to import: wrong settings and servers that are away are told before.
    from services.scoring.judging.service import build

    return build(settings)


if __name__ == "__main__":
    main()
