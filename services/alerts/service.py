"""The alerts service: the consume loop, a sender for each target, and what runs beside them."""

import random
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from sqlalchemy import Engine

from schemas.groups import ALERTS as GROUP
from schemas.targets import ChannelName
from schemas.topics import (
    ALERTS,
    DELIVERY_REQUESTS,
    FOOTAGE_REQUESTS,
    KEEPING,
    MAILS,
    POLICIES,
    REVIEWS,
    SOURCES,
    TARGETS,
)
from services.alerts.acknowledging import Acknowledging
from services.alerts.channels import Channel, SwitchedOff
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.mqtt import MqttChannel
from services.alerts.channels.posting import Poster
from services.alerts.channels.webhook import SlackChannel, WebhookChannel
from services.alerts.channels.webpush import WebPushChannel
from services.alerts.config import AlertsSettings
from services.alerts.core.deliveries import Target
from services.alerts.dispatch import Dispatcher
from services.alerts.evidence import EvidenceWorker, Making
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.follow_up import FollowUp
from services.alerts.footage import FootageByKind, UploadedObject
from services.alerts.handler import AlertHandler, Notification
from services.alerts.holds import HeldStretches
from services.alerts.ledger import Ledger, Task
from services.alerts.outbox import Outbox, OutboxRelay
from services.alerts.pack.sealing import Sealing
from services.alerts.people import SeenPeople
from services.alerts.post import MailQueue, Post
from services.alerts.recorded import Patience, RecordedCamera
from services.alerts.requests import InboxHandler, Requests
from services.alerts.retention import Keep, Retention
from services.alerts.sending import Sender, Sending
from services.alerts.sources import Removal, Sources
from services.alerts.targets import TargetDirectory
from services.alerts.watch import Watch
from services.chassis.clock import Clock, SystemClock
from services.chassis.duties import Duty
from services.chassis.sealing import Sealing as SecretSealing
from services.chassis.signing import signing_key
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import Publisher, Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import logs
from services.chassis.webpush import vapid_key

log = logs.get("alerts")
STOPPING_S = 5.0
"""Attempts at work when the service is to stop may go on for so long."""
UNSERVED_S = 3600.0
"""A delivery that is not over so long after its window belongs to a target that nobody serves."""


class AlertsService:
    """Runs until it is told to stop, or until one of its threads falls over a bug."""

    def __init__(
        self,
        loop: ConsumeLoop,
        views: Sequence[CompactedView],
        assembly: "Assembly",
        duties: Sequence[Duty],
    ) -> None:
        self._loop, self._views = loop, views
        self._assembly, self._duties = assembly, duties

    @property
    def ready(self) -> bool:
        return self._loop.ready

    def stop(self) -> None:
        self._loop.stop()

    def run(self) -> None:
        """Deliveries left by an earlier life are taken up at once, before the first record, but
        for those of sources that were removed meanwhile.
        """
        for view in self._views:
            view.start(on_failure=self._loop.stop)
        try:
            for view in self._views:
                view.wait_ready()
            self._assembly.removal.turn()
            for duty in self._duties:
                duty.start(on_failure=self._loop.stop)
            self._loop.run()
        finally:
            self._stop_all()
        for view in self._views:
            view.raise_failure()
        for duty in self._duties:
            duty.raise_failure()

    def _stop_all(self) -> None:
        """All at once, since each may have an attempt at work. Those that hang are cut short and
        made again after the next start: supervisors wait some 15 s.
        """
        impatience = threading.Timer(STOPPING_S, self._assembly.cut_short)
        impatience.start()
        with ThreadPoolExecutor(len(self._duties)) as pool:
            list(pool.map(Duty.stop, self._duties))
        self._assembly.finish()
        impatience.cancel()
        for view in self._views:
            view.stop()
        self._assembly.close()


class Assembly:
    """Builds the duties over one ledger; each may wake the others."""

    def __init__(  # noqa: PLR0913 - what the service is made of
        self,
        settings: AlertsSettings,
        engine: Engine,
        sources: Sources,
        directory: TargetDirectory,
        sealing: SecretSealing,
        people: SeenPeople,
        clock: Clock,
    ) -> None:
        self._settings, self._clock, self._sources = settings, clock, sources
        self._people, self._directory, self._secrets = people, directory, sealing
        self.held = HeldStretches()
        self._holder = new_holder()
        self._engine = engine
        self.ledger = Ledger(engine, self._holder, settings.delivery_lease_s)
        self.queue = EvidenceQueue(engine, self._holder)
        self.removal = Removal(sources, self.ledger, self.queue, clock)
        self._watch = Watch(self.ledger, self.queue, clock)
        self.mails = MailQueue(engine, self._holder)
        self._post: Post | None = None
        self._dispatcher: Dispatcher | None = None
        self._senders: list[Duty] = []
        self._makers: list[Duty] = []
        self._follow_up = FollowUp(
            self.ledger,
            self.queue,
            settings.targets if settings.mail_amend else (),
            clock,
            self.wake,
        )

    def wake(self) -> None:
        """There is something new to send or to make."""
        for duty in (*self._senders, *self._makers):
            duty.wake()

    def cut_short(self) -> None:
        """End the attempts at work."""
        for each in (self._dispatcher, self._post):
            if each is not None:
                each.cut_short()

    def finish(self) -> None:
        """Return once no attempt is at work; none begins any more."""
        if self._dispatcher is not None:
            self._dispatcher.close()

    def close(self) -> None:
        self._people.close()
        self._engine.dispose()

    def duties(
        self, store: ObjectStore, publisher: Publisher, publishing: Publishing
    ) -> list[Duty]:
        """All of them, not started. Called once. `publisher` is the outbox's alone."""
        relay = self._duty("relay", self._relay(publisher).turn)
        self._senders = self._sending(store, relay)
        self._makers = self._making(store, publishing)
        return [
            self._duty("watch", self._watch.turn),
            *self._senders,
            relay,
            *self._makers,
            self._duty("people", self._people.turn),
            self._duty("removal", self.removal.turn),
            self._duty("retention", self._retention().turn),
        ]

    def _sending(self, store: ObjectStore, relay: Duty) -> list[Duty]:
        settings = self._settings
        shared = Sending(
            ledger=self.ledger,
            queue=self.queue,
            store=store,
            watch=self._watch,
            clock=self._clock,
            chance=random.random,
            dashboard_url=settings.dashboard_url,
            acknowledging=Acknowledging(self._secrets, settings.dashboard_url).link,
            policy=settings.policy,
            deadline_s=settings.delivery_deadline_s,
            hides_faces=self.held.hides_faces,
        )

        def sent(task: Task) -> None:
            relay.wake()
            self._follow_up.on_attempt(task)

        by_name = channels(settings, self._engine, self._secrets, self._clock)

        def sender_of(target: Target) -> Sender:
            return Sender(by_name[target.channel], target, shared, sent)

        self._dispatcher = Dispatcher(
            self.ledger, self._directory, sender_of, self._clock, settings.shares
        )
        dispatch = self._duty("dispatch", self._dispatcher.turn)
        self._dispatcher.wake = dispatch.wake
        email = by_name["email"]
        if not isinstance(email, EmailChannel):
            return [dispatch]
        self._post = Post(
            self.mails, email, self._secrets, self._clock, settings.delivery_deadline_s
        )
        return [dispatch, self._duty("post", self._post.turn)]

    def _making(self, store: ObjectStore, publishing: Publishing) -> list[Duty]:
        settings = self._settings
        shared = Making(
            queue=self.queue,
            footage=self._footage(store, publishing),
            store=store,
            watch=self._watch,
            clock=self._clock,
            sealing=Sealing(store, signing_key(settings.signing_key_file), self._clock),
            people=self._people,
            held=self.held,
            margins=settings.margins,
        )
        worker = EvidenceWorker(shared, self._follow_up.on_picture)
        numbers = range(1, settings.evidence_workers + 1)
        return [self._duty(f"evidence-{number}", worker.turn) for number in numbers]

    def _footage(self, store: ObjectStore, publishing: Publishing) -> FootageByKind:
        settings = self._settings
        return {
            "upload": UploadedObject(store, settings.evidence_deadline_s),
            "camera": RecordedCamera(
                store,
                self._sources,
                lambda wish: publishing.publish(Outgoing(FOOTAGE_REQUESTS, wish)),
                self._clock,
                Patience(nothing_s=settings.evidence_footage_wait_s),
                settings.evidence_deadline_s,
            ),
        }

    def _relay(self, publisher: Publisher) -> OutboxRelay:
        return OutboxRelay(Outbox(self._engine, self._holder), publisher, self._clock)

    def _retention(self) -> Retention:
        unsent_s = self._settings.policy.window_s + UNSERVED_S
        keep = Keep(self._settings.keep.total_seconds(), unsent_s)
        return Retention(self.ledger, self.queue, keep, self._clock, self.mails)

    def _duty(self, name: str, turn: Callable[[], float]) -> Duty:
        return Duty(f"alerts-{name}", turn, self._clock)


def new_holder() -> str:
    """A name that no other run of the service has, nor this one after a restart."""
    host = socket.gethostname().encode("ascii", "ignore").decode()[:40]
    return f"{host}.{uuid4().hex[:16]}"


def channels(
    settings: AlertsSettings, engine: Engine, sealing: SecretSealing, clock: Clock
) -> dict[ChannelName, Channel]:
    """The channels by which somebody may be notified."""
    policy, poster = settings.endpoints, Poster(clock)
    email: Channel = SwitchedOff("email", "NIGHTCLERK_SMTP_HOST names no mail server")
    if settings.smtp_host:
        email = EmailChannel(settings.smtp_server, settings.smtp_sender, settings.dashboard_url)
    webhook = WebhookChannel(settings.signing_keys, clock, poster, policy)
    push = WebPushChannel(
        lambda: vapid_key(engine, sealing), settings.webpush_contact, poster, policy
    )
    if settings.webhook_url.get_secret_value() and not settings.signing_keys:
        log.warning("webhooks are not signed: webhook_secret is empty")
    shown = ", ".join(target.shown for target in settings.targets)
    log.info("targets of the environment", targets=shown or "none")
    all_of_them = (email, webhook, SlackChannel(poster, policy), MqttChannel(policy), push)
    return {channel.name: channel for channel in all_of_them}


def build(settings: AlertsSettings, clock: Clock | None = None) -> AlertsService:
    """Connects to store, database and Kafka; brings the tables up to date."""
    clock = clock or SystemClock()
    store = S3Objects.connect(settings)
    url = settings.database_url.get_secret_value()
    upgrade(url)
    broker, engine = KafkaBroker(settings), database.connect(url)
    configured, policies, targets, keeping = views = tuple(
        CompactedView(broker, topic, clock) for topic in (SOURCES, POLICIES, TARGETS, KEEPING)
    )
    sources, sealing = Sources(configured, policies), SecretSealing(settings.secret_key)
    directory = TargetDirectory(settings.targets, sealing)
    configured.subscribe(sources.on_source)
    targets.subscribe(directory.on_target)
    assembly = Assembly(settings, engine, sources, directory, sealing, SeenPeople(broker), clock)
    keeping.subscribe(assembly.held.on_keeping)
    wishes = Publishing(broker.publisher("alerts"))
    duties = assembly.duties(store, broker.publisher("alerts"), wishes)
    notification = Notification(
        directory.all,
        directory.switched_off,
        settings.max_age,
        settings.mail_picture_wait_s,
        settings.keep,
    )
    alerts = AlertHandler(
        assembly.ledger, assembly.queue, sources, notification, clock, assembly.wake
    )
    handler = InboxHandler(
        alerts, Requests(assembly.ledger, assembly.mails, directory, clock, assembly.wake)
    )
    publisher = broker.publisher("alerts")
    topics = [ALERTS, REVIEWS, DELIVERY_REQUESTS, MAILS]
    loop = ConsumeLoop(broker, GROUP, topics, handler, publisher, Limits(batch_records=8))
    return AlertsService(loop, views, assembly, duties)
