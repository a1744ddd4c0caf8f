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
        join_running_stack(home)
        imported(service.name, f"{service.module}.__main__", service.extra).main()


def join_running_stack(home: Path | None) -> None:
    """Where a stack runs, take its addresses for what is not set."""
    from services.local.addresses import shared_environment
    from services.local.running import living

    settings = running_settings(home)
    if living(settings.state):
        for name, value in shared_environment(settings).items():
            os.environ.setdefault(name, value)
