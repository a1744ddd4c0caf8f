"""`python -m services.api`: serve the API and project the topics."""

from services.api.config import ApiSettings
from services.api.service import build
from services.chassis.environment import read_or_exit
from services.chassis.reach import require_database, require_kafka, require_store
from services.chassis.service import run


def main() -> None:
    # /healthz and /metrics are routes of the API itself
    settings = read_or_exit(ApiSettings, health_port=0)
    needs = (require_kafka, require_store, require_database)
    run("api", settings, lambda: build(settings), needs)


if __name__ == "__main__":
    main()
