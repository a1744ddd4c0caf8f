"""`nightclerk topics`: the registry of topics, and the broker brought into line with it."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from services.cli.home import Home, running_settings
from services.cli.screen import console

if TYPE_CHECKING:
    from services.chassis.streaming.topics import TopicReport

topics = typer.Typer(help="The topics on Kafka.", no_args_is_help=True)

COLOURS = {"created": "green", "mended": "yellow", "left alone": "red"}


@topics.command("apply")
def apply_topics(home: Home = None) -> None:
    """Create the topics that are missing and mend the configuration of those that drifted."""
    for report in _reports(home, mend=True):
        colour = COLOURS.get(report.deed, "dim")
        console.print(
            f"{report.topic:28} [{colour}]{report.deed}[/] {report.detail}", soft_wrap=True
        )


@topics.command("list")
def list_topics(home: Home = None) -> None:
    """Show the topics of the registry, and how the broker's differ."""
    from services.chassis.streaming.topics import registry

    table = Table("topic", "keeps", "from → to", "on the broker", box=SIMPLE_HEAD)
    table.columns[0].no_wrap = True
    for topic, report in zip(registry(), _reports(home, mend=False), strict=True):
        there = {"created": "[red]missing[/]", "mended": f"[yellow]drifted[/] {report.detail}"}
        table.add_row(
            report.topic,
            _keeps(topic.retention_ms, topic.retention_bytes),
            f"{', '.join(topic.producers)} → {', '.join(topic.consumers)}",
            there.get(report.deed, report.detail or "ok"),
        )
    console.print(table)


def _reports(home: Path | None, mend: bool) -> "list[TopicReport]":
    from services.chassis.environment import read
    from services.chassis.reach import require_kafka
    from services.chassis.settings import KafkaSettings
    from services.chassis.streaming.topics import TopicAdmin, registry
    from services.local.addresses import addresses

    address = addresses(running_settings(home))["kafka"]
    settings = read(KafkaSettings, kafka_bootstrap=address)
    require_kafka(settings)
    admin = TopicAdmin(settings)
    return admin.apply(registry()) if mend else admin.survey(registry())


def _keeps(retention_ms: int, retention_bytes: int) -> str:
    hours = retention_ms // 3_600_000
    age = f"{hours // 24} d" if hours % 24 == 0 else f"{hours} h"
    return age if retention_bytes < 0 else f"{age}, {retention_bytes >> 20} MB"
