"""`nightclerk ingest`, `features`, …: one service in the foreground."""

import os
from importlib import import_module

import typer

TELLS = {
    "ingest": "Cut videos into clips.",
    "features": "Turn clips into embeddings.",
    "scoring": "Turn embeddings into scores and alerts.",
    "alerts": "Tell people of alerts, with evidence.",
    "api": "Serve the REST API and the dashboard.",
}


def add_service(app: typer.Typer, name: str) -> None:
    """Add the subcommand that runs one service."""

    @app.command(name, help=f"{TELLS[name]} Runs in the foreground.", rich_help_panel="Services")
    def run() -> None:
        join_running_stack()
        import_module(f"services.{name}.__main__").main()


def join_running_stack() -> None:
    """Where a stack runs in the state folder, take its addresses for what is not set."""
    from services.local.config import LocalSettings
    from services.local.plan import shared_environment
    from services.local.state import read_run

    settings = LocalSettings()
    run = read_run(settings.state)
    if run and run.supervisor():
        for name, value in shared_environment(settings).items():
            os.environ.setdefault(name, value)
