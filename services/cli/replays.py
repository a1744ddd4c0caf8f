"""`nightclerk replays`: the past judged again by another detector, and what would have differed."""

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.batches import for_each
from services.cli.client import Client
from services.cli.home import Home
from services.cli.models import chosen
from services.cli.places import OfStores, identified, store_ids
from services.cli.replay_figures import comparison_lines, progress_line
from services.cli.screen import console, err, give_up, printable
from services.cli.stretches import Since, UntilMoment, number, stretch
from services.cli.videos import client_of

ASKS_EVERY_S = 0.5
OVER = ("done", "failed", "cancelled")
FAILED = 2

replays = typer.Typer(
    help="The past judged again by another detector; nobody is alerted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Run = Annotated[str, typer.Argument(help="As `replays list` shows it.", metavar="RUN")]
Runs = Annotated[list[str], typer.Argument(help="As `replays list` shows them.", metavar="RUN…")]


@replays.command()
def start(  # noqa: PLR0913 - each is an option
    since: Annotated[datetime, Since],
    until: UntilMoment = None,
    store: OfStores = None,
    camera: Annotated[
        list[str] | None, typer.Option(help="Only this camera or video; again for more.")
    ] = None,
    detector: Annotated[
        str, typer.Option(help="Id or name of a registered one; else that of the settings.")
    ] = "",
    head: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A folder of `train`: registered first."),
    ] = None,
    footage: Annotated[
        Literal["log", "archive", "recordings"],
        typer.Option("--input", help="What is judged: the log, the archive, or the footage."),
    ] = "log",
    name: Annotated[str, typer.Option(help="What its run begins with.")] = "replay",
    windows_per_s: Annotated[
        float | None, typer.Option(parser=number, metavar="NUMBER", help="No faster than this.")
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would take, and start nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until it is over, then compare.")] = False,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Judge what was seen before again. The same asked for again is the same replay."""
    if detector and head:
        raise typer.BadParameter("name a detector or a folder, not both", param_hint="--head")
    asked: dict[str, Any] = {"input": footage} | stretch(since, until)
    asked |= {"windows_per_s": windows_per_s} if windows_per_s else {}
    with client_of(api, token, home) as client:
        asked["store_ids"] = store_ids(client, store)
        asked["source_ids"] = [str(identified(client, each)) for each in camera or ()]
        if detector:
            asked["detector"] = chosen(client, detector)
        if head:
            asked["detector"] = registered(client, head)
        if estimate:
            _tell_estimate(client.post("/replays/estimate", asked), as_json)
            return
        view = client.post("/replays", asked | {"name": name})
        if wait:
            _tell_end(client, _awaited(client, view), as_json)
        else:
            _tell(view, as_json)


@replays.command("list")
def list_replays(
    as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """All replays, the latest first."""
    with client_of(api, token, home) as client:
        found = list(client.listed("/replays"))
    if as_json:
        console.print_json(data=found)
        return
    table = Table("run", "from", "until", "state", "alerts", "detector", box=SIMPLE_HEAD)
    table.columns[0].no_wrap, table.columns[-1].overflow = True, "fold"
    table.columns[1].min_width = table.columns[2].min_width = len("2026-11-27")
    for each in found:
        state = f"{each['state']} {each['share']:.0%}" if each["state"] == "running" else None
        times = (each[name][:16].replace("T", " ") for name in ("since", "until"))
        counts = state or each["state"], str(each["alerts"])
        table.add_row(each["run"], *times, *counts, each["detector"])
    console.print(table)


@replays.command()
def show(run: Run, api: Api = "", token: Token = "", home: Home = None) -> None:
    """One replay and how far it is, as JSON."""
    with client_of(api, token, home) as client:
        console.print_json(data=client.get(f"/replays/{run}"))


@replays.command()
def cancel(runs: Runs, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Stop replays; what was judged by then stays."""
    with client_of(api, token, home) as client:
        for_each(runs, "cancelled", lambda run: client.post(f"/replays/{run}/cancel", {}))


@replays.command()
def resume(runs: Runs, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Go on with replays that failed or were cancelled, where they were."""
    with client_of(api, token, home) as client:
        for_each(runs, "resumed", lambda run: client.post(f"/replays/{run}/resume", {}))


@replays.command()
def remove(runs: Runs, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Remove replays with their scores and alerts."""
    with client_of(api, token, home) as client:
        for_each(runs, "removed", lambda run: client.remove(f"/replays/{run}"))


@replays.command()
def compare(
    run: Run,
    against: Annotated[str, typer.Option(help="Another run.")] = "live",
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Lay a replay or a shadow beside the live run: what would have come, gone, moved."""
    with client_of(api, token, home) as client:
        _tell_comparison(client, run, against, as_json)


def registered(client: Client, folder: Path) -> str:
    """The id of the detector in a folder, which is registered unless it is already."""
    from services.api.models.packages import pack

    with tempfile.TemporaryDirectory() as into:
        package = Path(into) / "package.zip"
        try:
            pack(folder, package)
        except ValueError as error:
            give_up(error)
        name = printable(folder.resolve().name)
        return str(client.send("/models", package, "application/zip", name=name)["detector"])


def _awaited(client: Client, view: dict[str, Any]) -> dict[str, Any]:
    with err.status(progress_line(view)) as status:
        while view["state"] not in OVER:
            time.sleep(ASKS_EVERY_S)
            view = client.get(f"/replays/{view['run']}")
            status.update(progress_line(view))
    return view


def _tell_end(client: Client, view: dict[str, Any], as_json: bool) -> None:
    """The comparison of one that is done; of another why there is none, and exit code 2."""
    if view["state"] != "done":
        _tell(view, as_json)
        raise typer.Exit(FAILED)
    if not as_json:
        _tell(view, as_json)
    _tell_comparison(client, view["run"], "live", as_json)


def _tell_comparison(client: Client, run: str, against: str, as_json: bool) -> None:
    found = client.get(f"/comparisons?run={run}&against={against}")
    if as_json:
        console.print_json(data=found)
        return
    for line in comparison_lines(found):
        console.print(line, highlight=False, soft_wrap=True)


def _tell_estimate(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(data=found)
        return
    lasts = "unknown" if found["seconds"] is None else f"about {found['seconds']:.0f} s"
    counts = f"{found['windows']} windows of {found['sources']} sources"
    console.print(f"{counts}: {lasts}", highlight=False)
    for note in found["notes"]:
        console.print(escape(note), style="yellow", soft_wrap=True)


def _tell(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(data=view)
    else:
        console.print(progress_line(view), highlight=False, soft_wrap=True)
