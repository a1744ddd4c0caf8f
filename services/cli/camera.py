"""`nightclerk camera`: add, list, change, pause and remove cameras of a running stack."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.batches import for_each
from services.cli.home import Home
from services.cli.places import identified
from services.cli.polygons import polygon, zone
from services.cli.screen import console, err, give_up
from services.cli.stretches import number
from services.cli.videos import client_of

camera = typer.Typer(
    help="The cameras of the stack.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Address = Annotated[
    str, typer.Argument(help="rtsp://…, http://…, usb://…, sim://…; page+https://… for a web page.")
]
Which = Annotated[str, typer.Argument(help="Its id or its name.", metavar="CAMERA")]
Name = Annotated[str | None, typer.Option("--name", help="Else its address is its name.")]
User = Annotated[
    str | None, typer.Option("--user", help="User name; the password is asked for, unseen.")
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Record = Annotated[
    str | None, typer.Option("--record-address", help="The stream to record, if another one.")
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--frame-rate", parser=number, metavar="NUMBER", help="Frames a second that are looked at."
    ),
]
Mask = Annotated[
    list[str] | None,
    typer.Option("--mask", help='Blackened: "0,0 0.3,0 0.3,0.5", shares of width and height.'),
]
Zone = Annotated[list[str] | None, typer.Option("--zone", help='Named: "till=0,0 0.3,0 0.3,0.5".')]
Gate = Annotated[
    bool | None,
    typer.Option("--motion-gate/--no-motion-gate", help="Send nothing while nothing moves."),
]
Recording = Annotated[
    Literal["off", "ring", "full"] | None,
    typer.Option("--recording", help="Nothing, the latest hours on disk, or all to the store."),
]
Transport = Annotated[
    Literal["auto", "tcp", "udp"] | None, typer.Option("--transport", help="Of RTSP.")
]


@camera.command()
def add(  # noqa: PLR0913 - each is an option
    address: Address,
    name: Name = None,
    user: User = None,
    password_stdin: FromStdin = False,
    record_address: Record = None,
    frame_rate: Rate = None,
    mask: Mask = None,
    zones: Zone = None,
    motion_gate: Gate = None,
    recording: Recording = None,
    transport: Transport = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Add a camera; it is watched within seconds."""
    wanted = settings(name, record_address, frame_rate, mask, zones, motion_gate, recording)
    wanted |= {"transport": transport} if transport else {}
    wanted |= credentials(user, password_stdin)
    with client_of(api, token, home) as client:
        added = client.add_camera({"name": shown_address(address), "address": address} | wanted)
    tell("added", added, as_json)


@camera.command("list")
def list_cameras(
    as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """Show all cameras and how they are, the latest added first."""
    with client_of(api, token, home) as client:
        cameras = list(client.cameras())
    if as_json:
        console.print_json(data=cameras)
        return
    table = Table("id", "name", "state", "score", "address", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for each in cameras:
        score = "" if each["last_score"] is None else f"{each['last_score']:.2f}"
        state = escape(f"{each['state']}: {each['reason']}" if each["reason"] else each["state"])
        table.add_row(
            each["source_id"], escape(each["name"]), state, score, escape(each["address"])
        )
    console.print(table)


@camera.command()
def show(which: Which, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Show all that is configured of a camera, and how it is, as JSON."""
    with client_of(api, token, home) as client:
        console.print_json(data=client.camera(identified(client, which)))


@camera.command("set")
def change(  # noqa: PLR0913 - each is an option
    which: Which,
    address: Annotated[str | None, typer.Option("--address", help="Another address.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    user: User = None,
    password_stdin: FromStdin = False,
    record_address: Record = None,
    frame_rate: Rate = None,
    mask: Mask = None,
    zones: Zone = None,
    motion_gate: Gate = None,
    recording: Recording = None,
    transport: Transport = None,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Change a camera; what is not named stays. `--record-address ""` takes it away."""
    wanted = settings(name, record_address, frame_rate, mask, zones, motion_gate, recording)
    wanted |= {"transport": transport} if transport else {}
    wanted |= {"address": address} if address else {}
    wanted |= credentials(user, password_stdin)
    with client_of(api, token, home) as client:
        tell("changed", client.change_camera(identified(client, which), wanted), as_json)


@camera.command()
def pause(
    which: Which, as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """Stop watching a camera; what was seen of it stays."""
    with client_of(api, token, home) as client:
        paused = client.change_camera(identified(client, which), {"is_paused": True})
    tell("paused", paused, as_json)


@camera.command()
def resume(
    which: Which, as_json: Json = False, api: Api = "", token: Token = "", home: Home = None
) -> None:
    """Watch a paused camera again."""
    with client_of(api, token, home) as client:
        resumed = client.change_camera(identified(client, which), {"is_paused": False})
    tell("resumed", resumed, as_json)


@camera.command()
def remove(
    which: Annotated[list[str], typer.Argument(help="Ids or names.", metavar="CAMERA…")],
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Remove cameras with their scores, alerts, evidence and recordings."""
    with client_of(api, token, home) as client:
        for_each([identified(client, each) for each in which], "removed", client.delete_camera)


@camera.command("test")
def try_out(
    address: Address,
    user: User = None,
    password_stdin: FromStdin = False,
    transport: Annotated[
        Literal["auto", "tcp", "udp"], typer.Option("--transport", help="Of RTSP.")
    ] = "auto",
    picture: Annotated[
        Path, typer.Option("--picture", help="Where its first picture goes.")
    ] = Path("camera.jpg"),
    as_json: Json = False,
) -> None:
    """Say what a camera gives, or in one sentence why it gives nothing. Needs no stack."""
    from services.cli.probing import show_probe  # PyAV and numpy: for this command alone

    words = credentials(user, password_stdin)
    secret = words.get("username", ""), words.get("password", "")
    show_probe(address, secret, transport, picture, as_json)


def settings(  # noqa: PLR0913 - each is an option
    name: str | None,
    record_address: str | None,
    frame_rate: float | None,
    masks: list[str] | None,
    zones: list[str] | None,
    motion_gate: bool | None,
    recording: str | None,
) -> dict[str, Any]:
    """Those that were given, as the API names them. `--mask ""` takes all masks away."""
    given: dict[str, Any] = {"name": name, "motion_gate": motion_gate, "recording": recording}
    wanted = {key: value for key, value in given.items() if value is not None}
    if record_address is not None:
        wanted["record_address"] = record_address or None
    if frame_rate is not None:
        wanted["spec"] = {"frame_rate": frame_rate}
    try:
        if masks is not None:
            wanted["masks"] = [polygon(text) for text in masks if text]
        if zones is not None:
            wanted["zones"] = [zone(text) for text in zones if text]
    except ValueError as error:
        give_up(error)
    return wanted


def credentials(user: str | None, from_stdin: bool) -> dict[str, str]:
    """The password comes by standard input or unseen from the terminal: never as an argument."""
    if user is None and not from_stdin:
        return {}
    if from_stdin:
        password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        password = typer.prompt(
            "Password", hide_input=True, default="", show_default=False, err=True
        )
    else:
        give_up("there is no terminal to ask for the password at; use --password-stdin")
    return {"password": password} | ({"username": user} if user is not None else {})


def shown_address(address: str) -> str:
    """What a camera is called that nobody gave a name: never a part of it that may be secret."""
    from services.chassis.addresses import AddressFault, parse

    try:
        return parse(address)[0].text[:255]
    except AddressFault as error:
        give_up(error)


def tell(what: str, camera: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(data=camera)
        return
    line = f"[green]{what}[/] {camera['source_id']} {escape(camera['name'])}"
    console.print(line, soft_wrap=True, highlight=False)
    if not camera["is_announced"]:
        err.print(f"[yellow]not yet:[/] {escape(camera['reason'])}", highlight=False)
