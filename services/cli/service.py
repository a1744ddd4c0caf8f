"""`nightclerk ingest`, `features`, …: one service in the foreground."""

import os
from pathlib import Path

import typer

from services.cli.home import Home, running_settings
from services.cli.lazy import imported
from services.local.roster import Service


def add_service(app: typer.Typer, service: Service) -> None:
    """Add the subcommand that runs one service."""

    @app.command(
        service.name,
        help=f"{service.purpose} Runs in the foreground.",
        rich_help_panel="Services",
    )
    def run(home: Home = None) -> None:
        join_running_stack(home, service.name)
        imported(service.name, f"{service.module}.__main__", service.extra).main()


def join_running_stack(home: Path | None, service: str) -> None:
    """Where a stack runs, take its addresses for what is not set."""
    from services.local.addresses import door, shared_environment
    from services.local.running import living

    settings = running_settings(home)
    if living(settings.state):
        of_api = door(settings) if service == "api" else {}
        for name, value in (shared_environment(settings) | of_api).items():
            os.environ.setdefault(name, value)
