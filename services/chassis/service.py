"""Run a consume loop as a process: logs, health, signals, exit code."""

import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from services.chassis.environment import exit_for
from services.chassis.errors import TransientError, WrongSettings
from services.chassis.memory import settle_garbage
from services.chassis.reach import require_port
from services.chassis.settings import ServiceSettings
from services.chassis.telemetry import logs
from services.chassis.telemetry.health import HealthServer

AWAY = 75
"""EX_TEMPFAIL of sysexits.h: started again later, it may find the server it needs."""


class Runnable(Protocol):
    """What a service builds in `service.py`: something that runs until it is told to stop."""

    @property
    def ready(self) -> bool: ...

    def run(self) -> None: ...

    def stop(self) -> None: ...


def run(
    name: str,
    settings: ServiceSettings,
    build: Callable[[], Runnable],
    needs: Sequence[Callable[[ServiceSettings], None]] = (),
) -> None:
    """Build and run until SIGTERM or SIGINT, then drain.

    A server that stays away and settings that `build` finds unusable end the process with one
    sentence and AWAY or environment.EXIT_CODE; a bug ends it with a traceback and exit code 1.
    Nothing is committed of the batch at work. `needs` are functions of `reach`: servers without
    which there is no use in building.
    """
    logs.configure(name, settings.log_level)
    log = logs.get("service")
    log.info("starting", **settings.public())
    try:
        for require in needs:
            require(settings)
        _serve(settings, build)
    except TransientError as error:
        print(f"nightclerk: {error}", file=sys.stderr, flush=True)  # noqa: T201 -- its last words
        raise SystemExit(AWAY) from None
    except WrongSettings as error:
        raise exit_for(error) from None
    log.info("stopped")


def _serve(settings: ServiceSettings, build: Callable[[], Runnable]) -> None:
    service: list[Runnable] = []
    require_port(settings.health_host, settings.health_port, "NIGHTCLERK_HEALTH_PORT")
    with HealthServer(
        settings.health_host, settings.health_port, lambda: bool(service) and service[0].ready
    ):
        service.append(build())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service[0].stop())
        settle_garbage()
        service[0].run()
