"""`nightclerk replay`: a stretch of the past under another head, beside the live run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from rich.box import SIMPLE_HEAD
from rich.table import Table

from schemas.judgements import LIVE, Run
from services.chassis.environment import read
from services.chassis.reach import require_kafka
from services.chassis.settings import ServiceSettings
from services.cli.home import Home, running_settings
from services.cli.screen import console, err, give_up
from services.local.addresses import addresses
from services.scoring.judging.detector import assemble
from services.scoring.replay.comparison import Alert, Comparison, began_at, ended_at
from services.scoring.replay.core import Stretch
from services.scoring.replay.service import Summary, run_name
from services.scoring.replay.service import replay as replayed

RUN_NAME: TypeAdapter[str] = TypeAdapter(Run)


def replay(  # noqa: PLR0913 - the options of a command
    since: Annotated[str, typer.Option(help="2026-11-26T08:00+09:00; without a zone it is UTC.")],
    head: Annotated[Path, typer.Option(help="A checkpoint, or a folder of them.")],
    until: Annotated[str, typer.Option(help="As --since; now if not said.")] = "",
    source: Annotated[
        list[UUID] | None, typer.Option(help="Only this camera or video; may be given again.")
    ] = None,
    run: Annotated[
        str, typer.Option(help="Name under which scores and alerts are stored; made if not said.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    home: Home = None,
) -> None:
    """Judge what was seen before by another head, alert nobody, and show what would differ."""
    stretch = stretch_of(since, until, source or (), run)
    settings = read(ServiceSettings, kafka_bootstrap=addresses(running_settings(home))["kafka"])
    require_kafka(settings)
    try:
        detector = assemble(head)
        if not stretch.run:
            stretch = replace(stretch, run=run_name(detector, stretch))
        with err.status(f"replaying as {stretch.run}"):
            summary = replayed(settings, head, stretch)
    except ValueError as error:
        give_up(error)
    if as_json:
        console.print_json(data=to_json(summary))
    else:
        show(summary)


def stretch_of(since: str, until: str, sources: Sequence[UUID], run: str) -> Stretch:
    """Gives up with a sentence for what cannot be."""
    begin = moment(since, "--since")
    end = moment(until, "--until") if until else datetime.now(UTC)
    if begin >= end:
        raise typer.BadParameter("it must lie before --until", param_hint="--since")
    if end - begin > timedelta(days=31):
        raise typer.BadParameter("embeddings are kept for 30 days", param_hint="--since")
    return Stretch(run_of(run), begin, end, frozenset(sources))


def moment(text: str, option: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no moment like 2026-11-26T08:00+09:00", param_hint=option
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def run_of(name: str) -> str:
    if not name:
        return name
    if name == LIVE:
        raise typer.BadParameter("live is the run that alerts people", param_hint="--run")
    try:
        return RUN_NAME.validate_python(name)
    except ValidationError:
        raise typer.BadParameter(
            f"{name!r}: up to 64 letters, digits, _ . -", param_hint="--run"
        ) from None


def show(summary: Summary) -> None:
    """What it did, and the alerts that would have come and gone."""
    found = summary.comparison
    console.print(
        f"{summary.windows} windows judged, {summary.clips} clips scored as run {summary.run}",
        highlight=False,
        soft_wrap=True,
    )
    if summary.refused:
        console.print(f"{summary.refused} messages were not made for this head", style="yellow")
    console.print(
        f"{len(found.kept)} alerts as before, {len(found.come)} would have come, "
        f"{len(found.gone)} would have gone",
        highlight=False,
    )
    if found.come or found.gone:
        console.print(table(found))


def table(found: Comparison) -> Table:
    shown = Table("", "source", "alert", "from", "seconds", "peak", box=SIMPLE_HEAD)
    rows = [("come", alert) for alert in found.come] + [("gone", alert) for alert in found.gone]
    for word, alert in sorted(rows, key=lambda row: began_at(row[1])):
        shown.add_row(
            word,
            alert.key,
            alert.label,
            began_at(alert).isoformat(timespec="seconds"),
            f"{alert.end_s - alert.start_s:.0f}",
            f"{alert.peak_score:.2f}",
        )
    return shown


def to_json(summary: Summary) -> dict[str, Any]:
    found = summary.comparison
    return {
        "run": summary.run,
        "windows": summary.windows,
        "clips": summary.clips,
        "refused": summary.refused,
        "kept": [_alert(again) for _, again in found.kept],
        "come": [_alert(alert) for alert in found.come],
        "gone": [_alert(alert) for alert in found.gone],
        "is_equal": found.is_equal,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": str(alert.alert_id),
        "source_id": alert.key,
        "rule": alert.rule,
        "label": alert.label,
        "started_at": began_at(alert).isoformat(),
        "ended_at": ended_at(alert).isoformat(),
        "peak_score": alert.peak_score,
    }
