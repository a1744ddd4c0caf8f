"""Run the alerts service: `python -m services.alerts`."""

from services.alerts.config import AlertsSettings
from services.alerts.service import build
from services.chassis.environment import read_or_exit
from services.chassis.reach import require_database, require_kafka, require_store
from services.chassis.service import run


def main() -> None:
    settings = read_or_exit(AlertsSettings)
    needs = (require_kafka, require_store, require_database)
    run("alerts", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
