"""Run as a module: bring the database of the settings up to date."""

from services.chassis.settings import ServiceSettings
from services.chassis.storage.migrations import upgrade


def main() -> None:
    upgrade(ServiceSettings().database_url.get_secret_value())


if __name__ == "__main__":
    main()
