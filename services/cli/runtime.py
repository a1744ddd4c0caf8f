"""`nightclerk up`, `down`, `status`: the local runtime."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.home import Home, local_settings, running_settings
from services.cli.screen import console, err, give_up

if TYPE_CHECKING:
    from services.local.config import LocalSettings

DETACHED_READY_S = 600.0
STOP_S = 75.0


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Leave it running.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every line of the log here.")
    ] = False,
    home: Home = None,
) -> None:
    """Start Kafka, the S3 store and all services on this machine; Ctrl-C stops them."""
    settings = local_settings(home)
    if detach:
        _up_detached(settings)
        return
    _up_here(settings, verbose)


def _up_here(settings: "LocalSettings", verbose: bool) -> None:
    from services.cli.client import setup_url
    from services.local.addresses import addresses, api_token
    from services.local.journal import OURS, Journal
    from services.local.plan import Parts, log_path
    from services.local.running import noted
    from services.local.supervisor import supervise

    def greet() -> str | None:
        url = setup_url(addresses(settings)["api"], api_token(settings))
        return f"set up a login, once: {url}" if url else None

    log = log_path(settings.state)
    journal = Journal(log, brief=not verbose)
    journal.write(OURS, f"starting, the first time in minutes; the whole log is {log}")
    try:
        with noted(settings.state):
            supervise(settings, Parts(), journal, greet)
    except KeyboardInterrupt:
        give_up("stopped before it had started", 130)


def _up_detached(settings: "LocalSettings") -> None:
    from services.cli.client import setup_url
    from services.local.addresses import addresses, api_token
    from services.local.detached import detach

    with err.status("starting") as line:
        detach(DETACHED_READY_S, lambda text: line.update(f"starting, {text}"))
    api = addresses(settings)["api"]
    console.print(f"[green]ready[/]  {api}   stop: nightclerk down", soft_wrap=True)
    show_setup(setup_url(api, api_token(settings)))


def show_setup(url: str | None) -> None:
    """Nothing once somebody has signed up."""
    if url is not None:
        console.print(f"[green]set up[/] a login, once: {url}", soft_wrap=True, highlight=False)


def down(home: Home = None) -> None:
    """Stop what `nightclerk up` started, in order."""
    from services.local.detached import stop_running

    state = running_settings(home).state
    with err.status("stopping"):
        stopped = stop_running(state, STOP_S)
    console.print("[green]stopped[/]" if stopped else f"nothing runs in {state}", soft_wrap=True)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    home: Home = None,
) -> None:
    """Show every process of the stack. Exit code 1 when something is down."""
    from services.cli.client import setup_url
    from services.cli.status import as_dict, observe, table
    from services.local.addresses import kept_api_token
    from services.local.running import living

    settings = running_settings(home)
    state = settings.state
    run = living(state)
    if run is None:
        give_up(f"nothing runs in {state}; start it with `nightclerk up`")
    rows = observe(run)
    url = setup_url(run.addresses["api"], kept_api_token(settings))
    if as_json:
        console.print_json(data=as_dict(run, rows) | {"setup_url": url})
    else:
        console.print(table(run, rows))
        show_setup(url)
    sys.exit(0 if rows and all(row.well for row in rows) else 1)
