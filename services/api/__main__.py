"""`python -m services.api`: serve the API and project the topics."""

from services.api.config import ApiSettings, UnsafeSettings
from services.api.service import build
from services.chassis.service import run


def main() -> None:
    settings = ApiSettings(health_port=0)  # /healthz and /metrics are routes of the API itself
    try:
        settings.require_safe()
    except UnsafeSettings as error:
        raise SystemExit(str(error)) from None
    run("api", settings, lambda: build(settings))


if __name__ == "__main__":
    main()
