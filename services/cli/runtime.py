"""`nightclerk up`, `down`, `status`: the local runtime."""

import sys
from typing import Annotated

import typer

from services.cli.screen import console, err, give_up

DETACHED_READY_S = 600.0
STOP_S = 75.0


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Leave it running.")] = False,
) -> None:
    """Start Kafka, the S3 store and all services on this machine; Ctrl-C stops them."""
    if detach:
        _up_detached()
    else:
        _up_here()


def _up_here() -> None:
    from services.local.config import LocalSettings
    from services.local.errors import LocalRuntimeError
    from services.local.journal import Journal
    from services.local.plan import Parts, log_path
    from services.local.supervisor import supervise

    settings = LocalSettings()
    try:
        supervise(settings, Parts(), Journal(log_path(settings.state)))
    except LocalRuntimeError as error:
        give_up(error)
    except KeyboardInterrupt:
        give_up("stopped before it had started", 130)


def _up_detached() -> None:
    from services.local.config import LocalSettings
    from services.local.detached import detach
    from services.local.errors import LocalRuntimeError
    from services.local.plan import addresses

    settings = LocalSettings()
    try:
        with err.status("starting") as line:
            detach(DETACHED_READY_S, lambda text: line.update(f"starting: {text}"))
    except LocalRuntimeError as error:
        give_up(error)
    console.print(f"[green]ready[/]  {addresses(settings)['api']}   stop: nightclerk down")


def down() -> None:
    """Stop what `nightclerk up` started, in order."""
    from services.local.config import LocalSettings
    from services.local.detached import stop_running
    from services.local.errors import LocalRuntimeError

    home = LocalSettings().state
    try:
        with err.status("stopping"):
            stopped = stop_running(home, STOP_S)
    except LocalRuntimeError as error:
        give_up(error)
    console.print("[green]stopped[/]" if stopped else f"nothing runs in {home}", soft_wrap=True)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show every process of the stack. Exit code 1 when something is down."""
    from services.cli.status import as_dict, observe, table
    from services.local.config import LocalSettings
    from services.local.state import read_run

    home = LocalSettings().state
    run = read_run(home)
    if run is None or run.supervisor() is None:
        give_up(f"nothing runs in {home}; start it with `nightclerk up`")
    rows = observe(run)
    if as_json:
        console.print_json(data=as_dict(run, rows))
    else:
        console.print(table(run, rows))
    sys.exit(0 if rows and all(row.well for row in rows) else 1)
