"""Run the ingest service: `python -m services.ingest`."""

from services.chassis.environment import read_or_exit
from services.chassis.reach import require_kafka, require_store
from services.chassis.service import run
from services.ingest.config import IngestSettings
from services.ingest.service import build


def main() -> None:
    settings = read_or_exit(IngestSettings)
    needs = (require_kafka, require_store)
    run("ingest", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
