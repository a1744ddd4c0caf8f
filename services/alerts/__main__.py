"""Run the alerts service: `python -m services.alerts`."""

from services.alerts.config import AlertsSettings
from services.alerts.service import build
from services.chassis.environment import read_or_exit
from services.chassis.service import run


def main() -> None:
    settings = read_or_exit(AlertsSettings)
    run("alerts", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
