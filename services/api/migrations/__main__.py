"""`python -m services.api.migrations`: bring the database of the settings up to date."""

from services.api.migrations import upgrade
from services.chassis.settings import ServiceSettings


def main() -> None:
    upgrade(ServiceSettings().database_url.get_secret_value())


if __name__ == "__main__":
    main()
