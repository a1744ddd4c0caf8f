"""Run the archive: `python -m services.scoring.archive`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka, require_store
from services.chassis.service import Runnable, run
from services.scoring.archive.config import ArchiveSettings


def main() -> None:
    settings = read_or_exit(ArchiveSettings)
    needs = (require_kafka, require_store)
    run("scoring.archive", settings, lambda: _build(settings), needs)


def _build(settings: ArchiveSettings) -> Runnable:
    # Arrow takes a moment to import: wrong settings and servers that are away are told before.
    from services.scoring.archive.service import build

    return build(settings)


if __name__ == "__main__":
    main()
