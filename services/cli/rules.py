"""`nightclerk rules`: the policies of a running stack, tried on the past before they are set."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.places import OfStore, identified, store_id
from services.cli.screen import console, err, give_up
from services.cli.stretches import SinceMoment, UntilMoment, duration, stamp
from services.cli.videos import client_of

rules = typer.Typer(
    help="The rules by which what is seen becomes alerts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
OfCamera = Annotated[
    str | None, typer.Option("--camera", help="Of this camera: its id or its name.")
]
PolicyFile = Annotated[
    Path, typer.Argument(help="A policy as JSON: rules, presence, muted, unmuted.", dir_okay=False)
]
MOST_AT_ONCE = 100


@rules.command()
def show(
    camera: OfCamera = None,
    store: OfStore = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show what is in force for a camera; without --camera, what was entered for the tenant, or for
    a store.
    """
    with client_of(api, token, home) as client:
        if camera is None:
            console.print_json(data=client.get(_path(client, None, store))["policy"])
            return
        view = client.get(f"/sources/{identified(client, camera)}/policy")
    if as_json:
        console.print_json(data=view)
        return
    _print_in_force(view)


@rules.command("set")
def set_policy(
    file: PolicyFile,
    camera: OfCamera = None,
    store: OfStore = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Let a policy take the place of the tenant's, a store's or a camera's. In force within
    seconds; an empty one ({}) takes it away.
    """
    policy = _read(file)
    with client_of(api, token, home) as client:
        view = client.put(_path(client, camera, store), policy, is_whatever=True)
    waits = view["pending"]
    err.print("[green]set[/]" + (f"; {waits} sources have not heard of it yet" if waits else ""))


@rules.command("test")
def try_policy(  # noqa: PLR0913 - each is an option
    file: PolicyFile,
    since: SinceMoment = None,
    until: UntilMoment = None,
    camera: OfCamera = None,
    store: OfStore = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show what a policy would have raised, per camera and day, beside what was raised: in the
    latest seven days, or a stretch. Without --camera or --store of all cameras. Changes nothing.
    """
    end = until or datetime.now(UTC)
    body: dict[str, Any] = {"since": stamp(since or end - timedelta(days=7)), "until": stamp(end)}
    body["policy"] = _read(file)
    with client_of(api, token, home) as client:
        view = client.post("/policies/preview", body | _concerned(client, camera, store))
    if as_json:
        console.print_json(data=view)
        return
    _print_preview(view)


@rules.command()
def snooze(
    camera: Annotated[str, typer.Argument(help="Its id or its name.", metavar="CAMERA")],
    lasting: Annotated[str, typer.Argument(help="So long: 30m, 8h, 2d; or off.")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Notify nobody of a camera for a while. Its alerts are raised and kept as ever."""
    with client_of(api, token, home) as client:
        path = f"/sources/{identified(client, camera)}/snooze"
        if lasting == "off":
            client.remove(path)
            err.print("[green]awake[/]")
            return
        until = datetime.now(UTC) + duration(lasting)
        found = client.put(path, {"until": until.isoformat()})
    err.print(f"[green]snoozed[/] until {found['snoozed_until']}")


def _path(client: Client, camera: str | None, store: str | None) -> str:
    if camera is not None:
        return f"/policies/sources/{identified(client, camera)}"
    return f"/policies/stores/{store_id(client, store)}" if store else "/policies/tenant"


def _concerned(client: Client, camera: str | None, store: str | None) -> dict[str, Any]:
    if store is not None and camera is None:
        return {"store_id": store_id(client, store), "scope": "store"}
    if camera is not None:
        return {"source_ids": [str(identified(client, camera))], "scope": "source"}
    names = [each["source_id"] for each in client.cameras()]
    if not names:
        give_up("there is no camera to try it on")
    if len(names) > MOST_AT_ONCE:
        give_up(f"there are more than {MOST_AT_ONCE} cameras: name a store or a camera")
    return {"source_ids": names, "scope": "tenant"}


def _read(file: Path) -> dict[str, Any]:
    try:
        policy = json.loads(file.read_text())
    except ValueError as error:
        give_up(f"{file} is no JSON: {error}")
    if not isinstance(policy, dict):
        give_up(f"{file} holds no policy, which is a JSON object")
    return policy


def _print_in_force(view: dict[str, Any]) -> None:
    table = Table("rule", "from", "fires", "severity", "during", box=SIMPLE_HEAD)
    for each in (*view["rules"], *view["presence"]):
        rule, muted = each["rule"], each["muted_by"]
        origin = each["origin"] + (f", muted by {muted}" if muted else "")
        row = rule["name"], origin, _condition(rule), rule["severity"], rule["during"]
        table.add_row(*map(escape, row))
    console.print(table)
    if view["snoozed_until"]:
        console.print(f"snoozed until {view['snoozed_until']}")
    for fault in view["faults"]:
        err.print(f"[yellow]{escape(fault)}[/]", soft_wrap=True)


def _condition(rule: dict[str, Any]) -> str:
    """When a rule fires, in a few words."""
    if "high" in rule:
        alone = f", or one of {rule['alone']:g}" if rule["alone"] is not None else ""
        return f"{rule['k']} of {rule['n']} at {rule['high']:g}{alone}"
    who = "somebody lies" if rule["posture"] == "lying" else f"more than {rule['more_than']}"
    where = f" in {rule['zone']}" if rule["zone"] else ""
    joined = f", with {rule['joined']}" if rule["joined"] else ""
    return f"{who}{where} for {rule['longer_than_s']:g} s{joined}"


def _print_preview(view: dict[str, Any]) -> None:
    table = Table("camera", "day", "rule", "would", "did", box=SIMPLE_HEAD)
    for each in view["sources"]:
        for day in each["days"]:
            counts = str(day["would"]), str(day["did"])
            table.add_row(escape(each["name"]), day["day"], escape(day["rule"]), *counts)
    would, did = (sum(each[name] for each in view["sources"]) for name in ("would", "did"))
    table.add_section()
    table.add_row("all", "", "", str(would), str(did))
    console.print(table)
    for note in view["notes"]:
        err.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)
    if view["left_out"]:
        err.print(f"{len(view['left_out'])} cameras were left out: ask for them by themselves")
