"""The alerts service: the consume loop, a courier for each channel, and the reporter."""

import random
from collections.abc import Sequence

from schemas.topics import ALERTS
from services.alerts.channels import Channel
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.config import AlertsSettings
from services.alerts.core.deliveries import Target
from services.alerts.courier import Courier, Desk
from services.alerts.evidence import EvidenceRoom
from services.alerts.handler import AlertHandler
from services.alerts.ledger import Ledger
from services.alerts.reporter import Reporter
from services.chassis.clock import Clock, SystemClock
from services.chassis.duties import Duty
from services.chassis.storage import database
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import logs

log = logs.get("alerts")
LEDGER_KEEPS_S = 180 * 86_400.0
"""Twice what alerts.v1 keeps, so that no replay finds a delivery forgotten."""


class AlertsService:
    """Runs until it is told to stop, or until one of its threads falls over a bug."""

    def __init__(self, loop: ConsumeLoop, duties: Sequence[Duty]) -> None:
        self._loop, self._duties = loop, duties

    @property
    def ready(self) -> bool:
        return self._loop.ready

    def stop(self) -> None:
        self._loop.stop()

    def run(self) -> None:
        """Deliveries left by an earlier life are taken up at once, before the first record."""
        for duty in self._duties:
            duty.start(on_failure=self._loop.stop)
        try:
            self._loop.run()
        finally:
            for duty in self._duties:
                duty.stop()
        for duty in self._duties:
            duty.raise_failure()


def channels(settings: AlertsSettings, clock: Clock) -> list[Channel]:
    """The channels that somebody is to be told by, each with a courier of its own."""
    wanted = {target.channel for target in settings.targets}
    made: list[Channel] = []
    if "email" in wanted:
        made.append(EmailChannel(settings.smtp_server, settings.smtp_from))
    if "webhook" in wanted:
        made.append(WebhookChannel(settings.signing_keys, clock))
        if not settings.signing_keys:
            log.warning("webhooks are not signed: webhook_secret is empty")
    for name in ("email", "webhook"):
        log.info("channel", channel=name, tells=_shown(settings.targets, name) or "nobody: off")
    return made


def _shown(targets: Sequence[Target], channel: str) -> str:
    return ", ".join(target.shown for target in targets if target.channel == channel)


def build(settings: AlertsSettings, clock: Clock | None = None) -> AlertsService:
    """Connects to store, database and Kafka; creates the ledger's tables where they are missing."""
    clock = clock or SystemClock()
    store = S3Objects.connect(settings)
    engine = database.connect(settings.database_url.get_secret_value())
    ledger = Ledger(engine, settings.instance)
    ledger.prepare(clock.now().timestamp(), LEDGER_KEEPS_S)
    reporter = Duty(
        "alerts-reporter", Reporter(ledger, KafkaPublisher(settings, "alerts")).turn, clock
    )
    desk = Desk(ledger, store, clock, random.random, settings.dashboard_url, settings.policy)
    couriers = [
        Duty(
            f"alerts-{channel.name}",
            Courier(channel, settings.targets, desk, reporter.wake).turn,
            clock,
        )
        for channel in channels(settings, clock)
    ]
    loop = _loop(settings, ledger, store, couriers, clock)
    return AlertsService(loop, [*couriers, reporter])


def _loop(
    settings: AlertsSettings,
    ledger: Ledger,
    store: ObjectStore,
    couriers: Sequence[Duty],
    clock: Clock,
) -> ConsumeLoop:
    def wake_couriers() -> None:
        for courier in couriers:
            courier.wake()

    evidence = EvidenceRoom(store, clock, settings.margins, settings.evidence_deadline_s)
    handler = AlertHandler(
        ledger, evidence, settings.targets, clock, wake_couriers, settings.max_age
    )
    publisher = KafkaPublisher(settings, "alerts")
    return ConsumeLoop(
        KafkaBroker(settings), "alerts", [ALERTS], handler, publisher, Limits(batch_records=8)
    )
