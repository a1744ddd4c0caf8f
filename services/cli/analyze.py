"""`nightclerk analyze FILE…`: scores and alerts of video files, by the way every upload goes.

Uses the stack that runs, or starts one for the time of the call. Results come in the order of the
files; a bad file is a line of its own, and makes the exit code 2.
"""

import json
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from services.cli.admission import MOST_FILES
from services.cli.advance import advance, say
from services.cli.analysis import Analyst, Stopped, refusal, refusals
from services.cli.client import Client
from services.cli.home import Home, local_settings, machine_token, running_settings
from services.cli.report import rendered
from services.cli.screen import console, err, give_up
from services.local.running import living
from services.local.stack import LocalStack

BAD_FILE = 2

Api = Annotated[str, typer.Option(envvar="NIGHTCLERK_API_URL", help="Address of the API to use.")]
Token = Annotated[str, typer.Option(envvar="NIGHTCLERK_API_TOKEN", help="Its token.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of words.")]


def analyze(
    files: Annotated[list[str], typer.Argument(help="Video files, or sim://… scenes.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, a line a file.")
    ] = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Score video files and say when something went wrong."""
    refused = refusals(files)
    if len(refused) == len(files):  # no stack is needed to say so
        tell(refused, as_json)
        raise typer.Exit(BAD_FILE)
    try:
        with stack_for(api, home, as_json) as (url, folder):
            shown = token or ("" if api else machine_token(home))
            good = run(files, connected(url, shown), folder, as_json)
    except (KeyboardInterrupt, Stopped):
        tell_of_rest(api or running(home))
        raise typer.Exit(130) from None
    raise typer.Exit(0 if good else BAD_FILE)


def tell_of_rest(url: str | None) -> None:
    """What was handed in to a stack that runs on goes on there; one of our own is gone with all."""
    text = "stopped"
    if url:
        text += "; what was handed in is analysed to its end: see `nightclerk videos list`"
    err.print(f"[bold red]nightclerk:[/] {text}", soft_wrap=True, highlight=False)


def connected(url: str, token: str) -> Client:
    """A client of an API that answers; else the command ends with one sentence."""
    client = Client(url, token)
    try:
        client.greet()
    except httpx.HTTPStatusError as error:
        give_up(f"{url}: {refusal(error.response)}")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        give_up(f"no API answers at {url} (--api, NIGHTCLERK_API_URL): {error}")
    return client


@contextmanager
def stack_for(api: str, home: Path | None, quiet: bool) -> Iterator[tuple[str, Path]]:
    """The address of an API that runs, and a folder for scratch that goes away."""
    state = local_settings(home).state
    scratch = state / f"analyze-{os.getpid()}"
    with ExitStack() as at_end:
        at_end.callback(shutil.rmtree, scratch, ignore_errors=True)
        address = api.rstrip("/") or running(home)
        yield address or at_end.enter_context(own_stack(scratch, quiet)), scratch


def running(home: Path | None) -> str | None:
    """The API of the stack that runs, once it is ready."""
    run = living(running_settings(home).state)
    return run.addresses["api"] if run and run.phase == "ready" else None


@contextmanager
def own_stack(home: Path, quiet: bool) -> Iterator[str]:
    """A whole stack until the end of the call; nothing of it stays."""
    stack = LocalStack(home)
    text = "starting Kafka, the S3 store and all services"
    if not (quiet or err.is_terminal):
        say(text)
    try:
        with err.status(text) as line:
            stack.start(lambda now: line.update(f"starting, {now}"))
        yield stack.api_url
    finally:
        stack.stop()


def run(files: Sequence[str], client: Client, folder: Path, as_json: bool) -> bool:
    """Analyse all files, tell each result in its turn; whether all were good."""
    stopped = threading.Event()
    with advance(files, quiet=as_json) as heard:
        analyst = Analyst(client, folder, heard, stopped)
        pool = ThreadPoolExecutor(MOST_FILES)
        try:
            results = [pool.submit(analyst.analyze, name) for name in files]
            return tell((result.result() for result in results), as_json)
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            client.close()


def tell(results: Iterable[dict[str, Any]], as_json: bool) -> bool:
    """Print each result as it comes; whether all were good."""
    good = True
    for told in results:
        good = good and told["state"] == "done"
        if as_json:
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            console.print(rendered(told))
    return good
