"""`nightclerk alerts`: list them, follow them, acknowledge and judge them."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from services.cli.analyze import Api, Json, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.lazy import imported
from services.cli.screen import console, err
from services.cli.service import join_running_stack
from services.cli.videos import client_of
from services.local.roster import ROSTER

alerts = typer.Typer(
    help="Alerts: list, follow, acknowledge, review. Without a command the service runs.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Ids = Annotated[list[UUID], typer.Argument(help="As `alerts list` shows them.", metavar="ID…")]
EachLine = Annotated[bool, typer.Option("--json", help="One JSON object a line, an event each.")]
COMES_BACK_AFTER_S = 2.0


@alerts.callback()
def serve(context: typer.Context, home: Home = None) -> None:
    """The service of the same name, in the foreground, unless a command follows."""
    if context.invoked_subcommand is None:
        service = ROSTER["alerts"]
        join_running_stack(home, service.name)
        imported(service.name, f"{service.module}.__main__", service.extra).main()


@alerts.command("list")
def list_alerts(  # noqa: PLR0913 - each is an option
    state: Annotated[Literal["open", "closed"] | None, typer.Option()] = None,
    severity: Annotated[Literal["info", "warning", "critical"] | None, typer.Option()] = None,
    unjudged: Annotated[bool, typer.Option("--unjudged", help="Without a verdict only.")] = False,
    most: Annotated[int, typer.Option(min=1, max=200, help="So many at most.")] = 50,
    as_json: Json = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Show the latest alerts, newest first."""
    where = {"state": state, "severity": severity, "verdict": "none" if unjudged else None}
    wanted = {name: value for name, value in where.items() if value is not None}
    with client_of(api, token, home) as client:
        found = client.latest_alerts(limit=most, **wanted)
    if as_json:
        console.print_json(data=found)
        return
    table = Table(
        "id", "when", "source", "what", "state", "review", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.columns[0].no_wrap = True
    for each in found:
        what = f"{each['label']} ({each['severity']})"
        row = each["alert_id"], each["started_at"][:19], each["filename"], what, each["state"]
        table.add_row(*map(escape, row), escape(reviewed(each["review"])))
    console.print(table)


@alerts.command()
def ack(ids: Ids, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Say that you see to them: nobody else is called."""
    with client_of(api, token, home) as client:
        for alert_id in ids:
            show(alert_id, client.review(alert_id, "acknowledgement"))


@alerts.command()
def review(
    alert_id: Annotated[UUID, typer.Argument(help="As `alerts list` shows it.", metavar="ID")],
    verdict: Annotated[Literal["true", "false"], typer.Argument(help="A true or a false alarm.")],
    reason: Annotated[str | None, typer.Option(help="Why, in a few words.")] = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Say whether it was a true or a false alarm."""
    with client_of(api, token, home) as client:
        entry = {"verdict": verdict, "reason": reason}
        show(alert_id, client.review(alert_id, "verdict", entry))


@alerts.command()
def follow(as_json: EachLine = False, api: Api = "", token: Token = "", home: Home = None) -> None:
    """Show alerts as they happen, until you stop it; through restarts of the API too."""
    with client_of(api, token, home) as client:
        for event in events(client):
            if as_json:
                typer.echo(json.dumps(event, ensure_ascii=False))
            elif event["event"] == "gap":
                err.print("[yellow]some alerts are not in the log any more[/]")
            elif event["event"] != "ready":
                data = event["data"]
                line = f"{data['started_at'][:19]} {event['event']} {data['label']}"
                console.print(escape(f"{line} ({data['severity']}) {data['alert_id']}"))


def events(client: Client) -> Iterator[dict[str, Any]]:
    """Alerts without end. While the API is away it is asked again, and nothing is missed."""
    latest = ""
    while True:
        try:
            for event in client.events("alerts", after=latest):
                latest = event["id"]
                if "data" in event:
                    yield {**event, "data": json.loads(event["data"])}
        except httpx.TransportError:
            if not latest:
                raise
        time.sleep(COMES_BACK_AFTER_S)


def reviewed(review: dict[str, Any]) -> str:
    if review["verdict"]:
        return f"{review['verdict']} alarm, {review['judged_by']}"
    if review["acknowledged_by"]:
        return f"seen by {review['acknowledged_by']}"
    return ""


def show(alert_id: UUID, review: dict[str, Any]) -> None:
    console.print(f"{alert_id} {escape(reviewed(review))}", soft_wrap=True, highlight=False)
