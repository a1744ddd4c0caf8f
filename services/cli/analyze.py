"""`nightclerk analyze FILE…`: scores and alerts of video files, by the way every upload goes.

Uses the stack that runs, or starts one for the time of the call. Results come in the order of the
files; a bad file is a line of its own, and makes the exit code 2.
"""

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.cli.analysis import Analyst, Stopped, refusal
from services.cli.client import Client
from services.cli.report import rendered
from services.cli.screen import console, err, give_up
from services.local.config import LocalSettings
from services.local.errors import LocalRuntimeError
from services.local.stack import LocalStack
from services.local.state import read_run

AT_ONCE = 4
"""So many files are under way together: enough that no service waits for an upload."""

BAD_FILE = 2


def analyze(
    files: Annotated[list[str], typer.Argument(help="Video files, or sim://… scenes.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, a line a file.")
    ] = False,
    api: Annotated[
        str, typer.Option(envvar="NIGHTCLERK_API_URL", help="Address of the API to use.")
    ] = "",
    token: Annotated[str, typer.Option(envvar="NIGHTCLERK_API_TOKEN", help="Its token.")] = "",
) -> None:
    """Score video files and say when something went wrong."""
    try:
        with stack_for(api) as (url, folder):
            good = run(files, connected(url, token), folder, as_json)
    except LocalRuntimeError as error:
        give_up(error)
    except (KeyboardInterrupt, Stopped):
        raise typer.Exit(130) from None
    raise typer.Exit(0 if good else BAD_FILE)


def connected(url: str, token: str) -> Client:
    """A client of an API that answers; else the command ends with one sentence."""
    client = Client(url, token)
    try:
        client.greet()
    except httpx.HTTPStatusError as error:
        give_up(f"{url}: {refusal(error.response)}")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        give_up(f"no API answers at {url}: {error}")
    return client


@contextmanager
def stack_for(api: str) -> Iterator[tuple[str, Path]]:
    """The address of an API that runs, and a folder for scratch that goes away."""
    scratch = LocalSettings().state / f"analyze-{os.getpid()}"
    with ExitStack() as at_end:
        at_end.callback(shutil.rmtree, scratch, ignore_errors=True)
        yield api.rstrip("/") or running() or at_end.enter_context(own_stack(scratch)), scratch


def running() -> str | None:
    """The API of the stack in this state folder, while it runs."""
    run = read_run(LocalSettings().state)
    if run is None or run.supervisor() is None or run.phase != "ready":
        return None
    return run.addresses["api"]


@contextmanager
def own_stack(home: Path) -> Iterator[str]:
    """A whole stack until the end of the call; nothing of it stays."""
    stack = LocalStack(home)
    try:
        with err.status("starting Kafka, the S3 store and five services"):
            stack.start()
        yield stack.api_url
    finally:
        stack.stop()


def run(files: Sequence[str], client: Client, folder: Path, as_json: bool) -> bool:
    """Analyse all files, tell each result in its turn; whether all were good."""
    stopped = threading.Event()
    with progress(files, quiet=as_json) as heard:
        analyst = Analyst(client, folder, heard, stopped)
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            results = [pool.submit(analyst.analyze, name) for name in files]
            return tell(results, as_json)
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            client.close()


def tell(results: Sequence["Future[dict[str, Any]]"], as_json: bool) -> bool:
    good = True
    for future in results:
        told = future.result()
        good = good and told["state"] == "done"
        if as_json:
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            console.print(rendered(told))
    return good


@contextmanager
def progress(files: Sequence[str], quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar for each file under way and one for all, while a person looks on."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    screen = console if console.is_terminal else err  # the one that results are printed on, if both
    hidden = quiet or not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=hidden) as bars:
        whole = bars.add_task("all files", total=float(len(files)), visible=len(files) > 1)
        tasks = {name: bars.add_task(label(name), total=1.0, visible=False) for name in files}

        def heard(name: str, share: float) -> None:
            bars.update(tasks[name], completed=share, visible=share < 1.0)
            if share == 1.0:
                bars.advance(whole)

        yield heard


def label(name: str) -> str:
    return escape(Path(name).name or name)
