"""`nightclerk demo`: a stack, a video, two cameras, alerts, mails, webhooks; and whether all that
was right.
"""

import base64
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.chassis.environment import read
from services.cli import demo_cameras
from services.cli.client import Client, setup_url
from services.cli.demo_cameras import DemoCamera
from services.cli.footage import Footage, Span, judge, render_scene
from services.cli.home import Home, local_settings
from services.cli.screen import console, give_up, printable
from services.local import LocalRuntimeError
from services.local.config import LocalSettings
from services.local.plan import Parts, require_ports
from services.local.receivers import Hook, Mail, SmtpSink, WebhookReceiver
from services.local.stack import LocalStack

POLL_S = 0.25
DELIVERY_S = 60.0
STALLED_S = 180.0
ENDED = ("done", "failed")


@dataclass
class Findings:
    """What the demo has seen so far."""

    video: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    cameras: list[DemoCamera] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        return [(alert["start_s"], alert["end_s"]) for alert in self.alerts.values()]

    @property
    def told(self) -> bool:
        """Whether every alert came by mail and by webhook."""
        count = len(self.alerts) + sum(len(camera.alerts) for camera in self.cameras)
        return min(len(self.mails), len(self.hooks)) >= count


def demo(
    video: Annotated[
        Path | None, typer.Argument(help="Your footage; else a simulated scene.")
    ] = None,
    home: Home = None,
) -> None:
    """Show it working. Without a terminal: ends by itself, 0 when the alert was right."""
    if video is not None and not video.is_file():
        give_up(f"there is no video file {printable(str(video))!r}", 2)
    state = local_settings(home).state / "demo"
    findings = Findings()
    try:
        with running(state, findings) as stack, ThreadPoolExecutor(1) as pool:
            scene = pool.submit(render_scene, state) if video is None else None
            start(stack)
            footage = scene.result() if scene else Footage(video or Path())
            watch(stack, footage, findings)
            code = conclude(footage, findings)
            linger(stack)
    except httpx.HTTPError as error:
        give_up(f"{error}; the log is {state / 'log' / 'nightclerk.log'}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(code)


@contextmanager
def running(home: Path, findings: Findings) -> Iterator[LocalStack]:
    """A stack, not started yet, beside the receivers it will write to; stopped at the end."""
    with ExitStack() as open_ones:
        sink = open_ones.enter_context(SmtpSink(heard=lambda mail: hear_mail(mail, findings)))
        hook = open_ones.enter_context(
            WebhookReceiver(heard=lambda hook: hear_hook(hook, findings))
        )
        stack = LocalStack(
            home, own_ports=not default_ports_free(), environment=receivers(sink, hook)
        )
        open_ones.callback(stack.stop)
        yield stack


def receivers(sink: SmtpSink, hook: WebhookReceiver) -> dict[str, str]:
    """Settings that send mails and webhooks to the demo's own receivers."""
    return {
        "NIGHTCLERK_SMTP_HOST": sink.host,
        "NIGHTCLERK_SMTP_PORT": str(sink.port),
        "NIGHTCLERK_SMTP_SECURITY": "none",
        "NIGHTCLERK_SMTP_TO": "owner@store.example",
        "NIGHTCLERK_WEBHOOK_URL": hook.url,
        "NIGHTCLERK_WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
    }


def default_ports_free() -> bool:
    """Whether the demo may use the ports of the documentation, or has to make way."""
    try:
        require_ports(read(LocalSettings), Parts())
    except LocalRuntimeError:
        return False
    return True


def start(stack: LocalStack) -> None:
    """Start the stack and say what it is about."""
    began = time.monotonic()
    with console.status("starting Kafka, the S3 store and all services") as line:
        stack.start(lambda text: line.update(f"starting, {text}"))
    tell(f"[green]up[/]        in {time.monotonic() - began:.0f} s, state in {stack.home}")
    tell(f"[green]dashboard[/] {stack.api_url}")
    if url := setup_url(stack.api_url, stack.api_token):
        tell(f"[green]set up[/]    a login, once: {url}")


def watch(stack: LocalStack, footage: Footage, findings: Findings) -> None:
    """Upload, follow until the analysis ended and everybody was told."""
    api = Client(stack.api_url, stack.api_token)
    if footage.truth is not None:
        findings.cameras = demo_cameras.add(api)
        for camera in findings.cameras:
            tell(f"[green]camera[/]    {camera.name}, {camera.source_id}")
    video_id = api.upload(footage.path)
    findings.video = api.video(video_id)
    tell(f"[green]video[/]     {escape(printable(footage.path.name))}, {video_id}")
    if footage.truth:
        spans = ", ".join(f"{start:g} to {end:g} s" for start, end in footage.truth)
        tell(f"[green]truth[/]     an incident from {spans}")
    with progress() as bar:
        task, moved_at, seen = bar.add_task("analysing", total=1.0), time.monotonic(), None
        while findings.video["state"] not in ENDED:
            time.sleep(POLL_S)
            findings.video = api.video(video_id)
            note_alerts(api, video_id, findings)
            demo_cameras.note(api, findings.cameras, tell_of_camera)
            bar.update(task, completed=findings.video["progress"] or 0.0)
            if (now := how_far(findings.video)) != seen:
                moved_at, seen = time.monotonic(), now
            if time.monotonic() - moved_at > STALLED_S:
                raise LocalRuntimeError(f"nothing has moved for {STALLED_S:g} s")
    note_alerts(api, video_id, findings)
    with console.status("waiting for the incident in front of the camera"):
        demo_cameras.follow(api, findings.cameras, tell_of_camera)
    await_deliveries(findings)
    api.close()


def how_far(video: dict[str, Any]) -> tuple[Any, ...]:
    """What changes while an analysis is alive."""
    return video["state"], video["decoded"], video["clips_scored"]


def tell(text: str) -> None:
    """One line for people and for `grep`: never wrapped."""
    console.print(text, soft_wrap=True, highlight=False)


def progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def note_alerts(api: Client, video_id: UUID, findings: Findings) -> None:
    """Print the alerts that are new; keep the latest of each."""
    for alert in api.alerts(video_id):
        if alert["alert_id"] not in findings.alerts:
            peak = f"{alert['peak_score']:.2f} " if alert["peak_score"] is not None else ""
            tell(
                f"[bold red]ALERT[/]     {alert['label']} from {alert['start_s']:.1f} s,"
                f" peak {peak}at {alert['peak_s']:.1f} s"
            )
        findings.alerts[alert["alert_id"]] = alert


def tell_of_camera(name: str, alert: dict[str, Any]) -> None:
    at = datetime.fromisoformat(alert["started_at"]).astimezone()
    tell(f"[bold red]ALERT[/]     {alert['label']} at the camera {name}, {at:%H:%M:%S}")


def await_deliveries(findings: Findings) -> None:
    deadline = time.monotonic() + DELIVERY_S
    while not findings.told and time.monotonic() < deadline:
        time.sleep(POLL_S)


def hear_mail(mail: Mail, findings: Findings) -> None:
    findings.mails.append(mail)
    subject = escape(str(mail.message["Subject"]))
    tell(f"[bold magenta]mail[/]      to {mail.recipients[0]}: {subject}")


def hear_hook(hook: Hook, findings: Findings) -> None:
    findings.hooks.append(hook)
    tell(f"[bold magenta]webhook[/]   {hook.headers.get('webhook-id', 'without an id')}")


def conclude(footage: Footage, findings: Findings) -> int:
    """Say how it went. 0 when the analysis is done and, where the truth is known, was right."""
    if findings.video["state"] == "failed":
        tell(f"[red]failed[/]    {escape(str(findings.video['error']))}")
        return 2
    said = ", ".join(f"{start:.1f} to {end:.1f} s" for start, end in findings.spans) or "none"
    tell(f"[green]done[/]      alerts: {said}")
    if not findings.told:
        tell("[red]wrong[/]     an alert did not come by mail and by webhook")
        return 1
    if footage.truth is None:
        return 0
    verdict = judge(findings.spans, footage.truth)
    outside, missed = verdict.outside, verdict.missed
    for camera in findings.cameras:
        outside, missed = outside + camera.verdict.outside, missed + camera.verdict.missed
    is_right = verdict.right and not outside and not missed
    tell(
        "[green]right[/]     inside the incidents, and nowhere else"
        if is_right
        else f"[red]wrong[/]     {outside} outside, {missed} incidents missed"
    )
    return 0 if is_right else 1


def linger(stack: LocalStack) -> None:
    """On a terminal, leave the dashboard up until Ctrl-C."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    tell(f"\nThe dashboard is on [bold]{stack.api_url}[/] until you press Ctrl-C.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        tell("stopping")
