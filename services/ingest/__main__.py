"""Run the ingest service: `python -m services.ingest`."""

from services.chassis.environment import read_or_exit
from services.chassis.service import run
from services.ingest.config import IngestSettings
from services.ingest.service import build


def main() -> None:
    settings = read_or_exit(IngestSettings)
    run("ingest", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
