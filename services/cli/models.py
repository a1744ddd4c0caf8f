"""`nightclerk models`: detectors from their registration to a rollback."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.api.models.packages import pack
from services.cli.analyze import Api, Json, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.model_figures import figures, place
from services.cli.screen import console, give_up, printable
from services.cli.videos import client_of

models = typer.Typer(
    help="Detectors: which there are, and which of them judges what.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Which = Annotated[
    str, typer.Argument(help="Its id, or its name: the latest version.", metavar="DETECTOR")
]
Store = Annotated[str | None, typer.Option("--store", help="Only in this store (id or name).")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")]


@models.command()
def register(  # noqa: PLR0913 - each is an option
    path: Annotated[Path, typer.Argument(exists=True, help="A folder of `train`, or its zip.")],
    name: Annotated[str, typer.Option("--name", help="Else that of the folder or file.")] = "",
    note: Annotated[str, typer.Option("--note", help="Something to remember.")] = "",
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Hand in a detector. It judges nothing yet; the same one again changes nothing."""
    title = printable(name or path.resolve().name.removesuffix(".zip"))
    with client_of(api, token, home) as client, tempfile.TemporaryDirectory() as folder:
        package = path if path.is_file() else packed(path, Path(folder))
        found = client.send("/models", package, "application/zip", name=title, note=note)
    if as_json:
        console.print_json(data=found)
        return
    label = escape(f"{found['name']} {found['version']}")
    console.print(f"[green]registered[/] {found['detector']} as {label}", highlight=False)


@models.command("list")
def list_models(as_json: Json = False, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Show all, the latest registered first; what is built in comes last."""
    with client_of(api, token, home) as client:
        found = list(client.listed("/models"))
    if as_json:
        console.print_json(data=found)
        return
    table = Table("detector", "name", "state", "backbone", "rules", "where", box=SIMPLE_HEAD)
    table.columns[0].no_wrap = True
    for each in found:
        version = "built in" if each["is_built_in"] else str(each["version"])
        rules = ", ".join(head["rule"]["name"] for head in each["heads"])
        where = ", ".join(map(place, each["places"]))
        shown = f"{each['name']} {version}", each["state"], each["backbone"], rules, where
        table.add_row(each["detector"], *(escape(text) for text in shown))
    console.print(table)


@models.command()
def show(
    which: Which, as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """A detector with its heads, what they were taught with and what training measured."""
    with client_of(api, token, home) as client:
        found = client.get(f"/models/{chosen(client, which)}")
    if as_json:
        console.print_json(data=found)
        return
    lines = [
        f"{found['detector']}  {found['name']} {found['version']}  {found['state']}",
        f"for {found['backbone']}, windows of {found['window']}",
        *(place(each) for each in found["places"]),
        *(line for head in found["heads"] for line in _head_lines(head)),
        found["note"],
    ]
    for line in filter(None, lines):
        console.print(escape(printable(line)), highlight=False, soft_wrap=True)


@models.command()
def promote(  # noqa: PLR0913 - each is an option
    which: Which,
    run: Annotated[
        str | None, typer.Option("--run", help="The replay whose comparison speaks for it.")
    ] = None,
    without_comparison: Annotated[
        bool, typer.Option("--without-comparison", help="There is none; say why with --reason.")
    ] = False,
    store: Store = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", help="Alarms a camera and day beyond which it goes back."),
    ] = None,
    reason: Reason = "",
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Make a detector live, in all stores or in one."""
    if not run and not without_comparison:
        give_up(
            "name a replay of it with --run (`nightclerk replays start --detector …`), or its "
            "shadow; else say --without-comparison, and why with --reason"
        )
    with client_of(api, token, home) as client:
        detector, seen = chosen(client, which), scope(client, store)
        entry = {"store_id": seen["store_id"], "run": run, "reason": reason}
        entry |= {"without_comparison": without_comparison, "budget_per_day": budget}
        after = client.act(f"/models/{detector}/promote", entry, seen["etag"])
    _told_live(after)


@models.command()
def shadow(
    which: Which,
    off: Annotated[bool, typer.Option("--off", help="Let it look on no more.")] = False,
    store: Store = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Let a detector look on beside the live one; it alerts nobody."""
    with client_of(api, token, home) as client:
        detector, store_id = chosen(client, which), scope(client, store)["store_id"]
        if off:
            where = f"?store_id={store_id}" if store_id else ""
            client.remove(f"/models/{detector}/shadow{where}")
            console.print(f"[green]off[/] {escape(detector)}", highlight=False)
            return
        client.post(f"/models/{detector}/shadow", {"store_id": store_id})
    console.print(f"[green]looks on[/] as run shadow-{escape(detector)}", highlight=False)


@models.command()
def rollback(
    store: Store = None,
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="Where several are live.")
    ] = None,
    reason: Reason = "",
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Go back to what was live before."""
    with client_of(api, token, home) as client:
        seen = scope(client, store)
        entry = {"store_id": seen["store_id"], "backbone": backbone, "reason": reason}
        after = client.act("/deployments/rollback", entry, seen["etag"])
    _told_live(after)


@models.command()
def retire(
    which: Which,
    undo: Annotated[bool, typer.Option("--undo", help="Take it up again.")] = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Let nobody deploy a detector any more, nor go back to it."""
    with client_of(api, token, home) as client:
        found = client.patch(f"/models/{chosen(client, which)}", {"is_retired": not undo})
    console.print(f"[green]{found['state']}[/] {escape(found['detector'])}", highlight=False)


@models.command()
def deployments(as_json: Json = False, api: Api = "", token: Token = "", home: Home = None) -> None:
    """What is live where, and how it does: alarms a camera-day, share of true alarms."""
    with client_of(api, token, home) as client:
        found = client.get("/deployments")["items"]
    if as_json:
        console.print_json(data=found)
    else:
        console.print(figures(found))


@models.command()
def history(
    store: Store = None, as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """What was deployed when, by whom and why; the latest first."""
    with client_of(api, token, home) as client:
        store_id = scope(client, store)["store_id"]
        where = {"store_id": store_id} if store_id else {}
        found = list(client.listed("/deployments/history", **where))
    if as_json:
        console.print_json(data=found)
        return
    table = Table("when", "what", "where", "before", "after", "by", "why", box=SIMPLE_HEAD)
    table.columns[1].no_wrap = True
    for column in table.columns[3:5]:
        column.overflow = "fold"
    for each in found:
        what = each["action"].replace("_", " ") + (" by itself" if each["is_automatic"] else "")
        before, after = each["detector_before"] or "-", each["detector_after"] or "-"
        why = " ".join(
            filter(None, (each["reason"], each["replay_run"] and f"run {each['replay_run']}"))
        )
        at = each["at"][:16].replace("T", " ")
        shown = at, what, each["store"] or "all stores", before, after, each["by"], why
        table.add_row(*(escape(printable(text)) for text in shown))
    console.print(table)


def chosen(client: Client, which: str) -> str:
    """The id of a detector that is named by it, or by its name; else the command ends."""
    found = list(client.listed("/models"))
    if any(each["detector"] == which for each in found):
        return which
    named = [each for each in found if each["name"] == which and each["state"] != "retired"]
    if not named:
        give_up(f"there is no detector {which}")
    return str(max(named, key=lambda each: each["version"])["detector"])


def scope(client: Client, store: str | None) -> dict[str, Any]:
    """What is deployed in a store, by its id or name, or in the tenant; else the command ends."""
    found: list[dict[str, Any]] = client.get("/deployments")["items"]
    if store is None:
        return next(each for each in found if each["store_id"] is None)
    named = [each for each in found if store in (each["store_id"], each["store"])]
    if len(named) != 1:
        give_up(f"there are several stores {store}" if named else f"there is no store {store}")
    return named[0]


def packed(folder: Path, out: Path) -> Path:
    """A zip of the checkpoints in a folder; the command ends where there is none."""
    package = out / "package.zip"
    try:
        pack(folder, package)
    except ValueError as error:
        give_up(error)
    return package


def _told_live(deployment: dict[str, Any]) -> None:
    where = deployment["store"] or "all stores"
    for each in deployment["live"]:
        name = each["name"] if each["is_built_in"] else f"{each['name']} {each['version']}"
        text = escape(f"{each['detector']} ({name}) in {where}, for {each['backbone']}")
        console.print(f"[green]live[/] {text}", highlight=False, soft_wrap=True)


def _head_lines(head: dict[str, Any]) -> list[str]:
    rule = head["rule"]
    marks = f"high {rule['high']:g}, low {rule['low']:g}, {rule['k']} of {rule['n']}"
    plain = {k: v for k, v in head["metrics"].items() if isinstance(v, (int, float, str))}
    measured = ", ".join(f"{name} {value}" for name, value in plain.items())
    lines = [f"  {head['model_id']}  {rule['name']}: {marks}"]
    lines += [f"    taught with {each}" for each in head["data"]]
    return lines + ([f"    measured {measured}"] if measured else [])
