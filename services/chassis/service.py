"""Run a consume loop as a process: logs, health, signals, exit code."""

import signal
from collections.abc import Callable
from typing import Protocol

from services.chassis.settings import ServiceSettings
from services.chassis.telemetry import logs
from services.chassis.telemetry.health import HealthServer


class Runnable(Protocol):
    """What a service builds in `service.py`: something that runs until it is told to stop."""

    @property
    def ready(self) -> bool: ...

    def run(self) -> None: ...

    def stop(self) -> None: ...


def run(name: str, settings: ServiceSettings, build: Callable[[], Runnable]) -> None:
    """Build and run until SIGTERM or SIGINT, then drain. A bug or an exhausted retry propagates:
    the process ends with a traceback and exit code 1, nothing committed of the batch at work.
    """
    logs.configure(name, settings.log_level)
    log = logs.get("service")
    log.info("starting", **settings.public())
    service: list[Runnable] = []
    with HealthServer(
        settings.health_host, settings.health_port, lambda: bool(service) and service[0].ready
    ):
        service.append(build())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service[0].stop())
        service[0].run()
    log.info("stopped")
