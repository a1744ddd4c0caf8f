"""Many sources, two workers of everything, kill -9 of each in turn: in effect, nothing happened.

Forty uploads at once and twenty-four endless sources go through two whole stacks that share Kafka,
object store and MariaDB. The network is one block of VideoMAE without meaning, pictures are small
and clips are cut at two frames a second, so that a small machine keeps up; every source raises
alerts.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.base import Message
from schemas.clips import ClipRecorded, ClipRef, ClipSpec
from schemas.deliveries import DeliveryAttempted
from schemas.judgements import LIVE
from schemas.scores import ClipScored
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, DELIVERIES, SCORES, SOURCES, Topic
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.cli.client import Client
from services.cli.footage import render_scene
from services.features.backbones.videomae2 import blank
from services.local.receivers import SmtpSink, WebhookReceiver
from services.local.stack import LocalStack
from tests.checkpoints import random_head
from tests.servers import S3Server
from tests.waiting import until_ended, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

UPLOADS, CAMERAS = 40, 24
SPEC = ClipSpec(frame_rate=2.0)
SCENE = "sim://store?seed=3&seconds=42&size=64x64&people=1"
BACKBONE = "videomae2_s_k710"
SERVICES = ("ingest", "features", "judging", "episodes", "alerts", "api")
Place = tuple[UUID, datetime, int]
"""A clip: its source, the life of the source, its number."""


@dataclass
class Chain:
    """Two stacks on the same servers, and those who are to be told."""

    stacks: tuple[LocalStack, LocalStack]
    settings: ServiceSettings
    mails: SmtpSink
    hooks: WebhookReceiver
    clips: dict[Topic, Tail]
    scores: Tail
    deliveries: Tail


@pytest.fixture
def chain(
    kafka: str, weed: S3Server, mariadb_url: str, topic_prefix: str, tmp_path: Path
) -> Iterator[Chain]:
    blank.put(tmp_path / "cache", BACKBONE, width=384, depth=1)
    heads = tmp_path / "heads"
    random_head(heads / "linear", "linear", dim=384, backbone=BACKBONE, window=1, spec=SPEC)
    settings = ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix)
    with SmtpSink() as mails, WebhookReceiver() as hooks:
        shared = {
            "NIGHTCLERK_KAFKA_BOOTSTRAP": kafka,
            "NIGHTCLERK_TOPIC_PREFIX": topic_prefix,
            "NIGHTCLERK_S3_ENDPOINT": weed.endpoint,
            "NIGHTCLERK_S3_ACCESS_KEY": weed.access_key,
            "NIGHTCLERK_S3_SECRET_KEY": weed.secret_key,
            "NIGHTCLERK_DATABASE_URL": mariadb_url,
            "NIGHTCLERK_BACKBONES": BACKBONE,
            "NIGHTCLERK_HEAD": str(heads),
            "NIGHTCLERK_CACHE_DIR": str(tmp_path / "cache"),
            "NIGHTCLERK_LIVE_BOUND_S": "0",
            "NIGHTCLERK_CLIP_FRAME_RATE": str(SPEC.frame_rate),
            "NIGHTCLERK_SMTP_HOST": mails.host,
            "NIGHTCLERK_SMTP_PORT": str(mails.port),
            "NIGHTCLERK_SMTP_SECURITY": "none",
            "NIGHTCLERK_SMTP_TO": "owner@store.example",
            "NIGHTCLERK_WEBHOOK_URL": hooks.url,
        }
        with (
            LocalStack(tmp_path / "one", SERVICES, environment=shared) as one,
            LocalStack(tmp_path / "two", SERVICES, environment=shared) as two,
        ):
            tails = {topic: Tail(settings, topic) for topic in (CLIPS_LIVE, CLIPS_BULK)}
            told = Tail(settings, DELIVERIES)
            yield Chain((one, two), settings, mails, hooks, tails, Tail(settings, SCORES), told)


def test_no_clip_is_lost_or_scored_twice_and_nobody_is_told_twice(
    chain: Chain, tmp_path: Path
) -> None:
    cameras = [camera(number) for number in range(CAMERAS)]
    configure(chain.settings, cameras)
    videos = upload(chain.stacks[0], render_scene(tmp_path, SCENE).path)
    scores: list[ClipScored] = []
    for first, second in zip(SERVICES, (*SERVICES[3:], *SERVICES[:3]), strict=True):
        scores += until_scored(chain.scores, 20)
        kill(chain, first, second)

    ended = until_all_ended(chain.stacks, videos)
    assert Counter(video["state"] for video in ended) == {"done": UPLOADS}
    assert {video["clips_missing"] for video in ended} == {0}

    configure(chain.settings, [one.model_copy(update={"is_paused": True}) for one in cameras])
    scores += until_quiet(chain, scores)
    assert_every_clip_is_scored_once_in_effect(scores)
    assert_everybody_was_told_once(chain, len(videos) + len(cameras))


def camera(number: int) -> SourceConfigured:
    """A simulated camera, with a scene of its own: a short round, drawn once."""
    now = datetime.now(UTC)
    return SourceConfigured(
        source_id=uuid4(),
        source_kind="camera",
        name=f"camera {number}",
        origin_at=now,
        spec=SPEC,
        address=f"sim://store?seed={number}&seconds=5&size=64x64&people=1",
        camera=CameraSettings(recording="off"),
        configured_at=now,
    )


def configure(settings: ServiceSettings, cameras: list[SourceConfigured]) -> None:
    publisher = KafkaBroker(settings).publisher("test")
    for source in cameras:
        publisher.publish(Outgoing(SOURCES, source))
    publisher.flush()


def upload(stack: LocalStack, path: Path) -> list[UUID]:
    with closing(Client(stack.api_url)) as client, ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda _: client.upload(path), range(UPLOADS)))


def kill(chain: Chain, *services: str) -> None:
    """kill -9 of a service of each stack at once, so that a worker of each goes on; wait until the
    supervisors have started them again and they are ready.
    """
    victims = [
        (stack, name, stack.pid(name))
        for stack, service in zip(chain.stacks, services, strict=True)
        for name in names(stack, service)
    ]
    for _, _, pid in victims:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    for stack, name, pid in victims:
        wait_until(lambda stack=stack, name=name, pid=pid: is_back(stack, name, pid), 180)


def is_back(stack: LocalStack, name: str, pid: int | None) -> bool:
    """Whether another process than that one is at work under the name."""
    now = next(one for one in stack.run.processes if one.name == name)
    return now.pid not in (None, pid) and now.state == "ready"


def names(stack: LocalStack, service: str) -> list[str]:
    """The processes of a service; some have one a backbone."""
    running = [one.name for one in stack.run.processes]
    return [name for name in running if name.split(".")[0].split("-")[0] == service]


def until_scored(tail: Tail, count: int) -> list[ClipScored]:
    """So many more clips are scored: all are at work."""
    found: list[ClipScored] = []
    while len(found) < count:
        found += [one for one in tail.until(is_live, 120) if isinstance(one, ClipScored)]
    return found


def is_live(message: Message) -> bool:
    return isinstance(message, ClipScored) and message.run == LIVE


def until_all_ended(stacks: tuple[LocalStack, ...], videos: list[UUID]) -> list[dict[str, Any]]:
    with closing(Client(stacks[0].api_url)) as client:
        return [until_ended(client, video, 600) for video in videos]


def until_quiet(chain: Chain, scores: list[ClipScored]) -> list[ClipScored]:
    """Everything that was cut is scored."""
    more: list[ClipScored] = []
    wanted = set(recorded(chain))

    def whole() -> bool:
        more.extend(one for one in chain.scores.drain() if is_live(one))
        wanted.update(recorded(chain))
        return wanted <= set(places([*scores, *more]))

    wait_until(whole, 600)
    return more


def recorded(chain: Chain) -> list[Place]:
    """The clips that were cut since the last call."""
    messages = [one for tail in chain.clips.values() for one in tail.drain()]
    return [
        (one.source_id, one.origin_at, one.index)
        for one in messages
        if isinstance(one, ClipRecorded)
    ]


def places(scores: list[ClipScored]) -> list[Place]:
    return [(one.source_id, one.origin_at, ref.index) for one in scores for ref in one.clips]


def assert_every_clip_is_scored_once_in_effect(scores: list[ClipScored]) -> None:
    """What was put out twice, by a worker that was killed before its commit, is the same twice: to
    a millionth, since the batches differ.
    """
    seen: dict[Place, tuple[ClipRef, Any]] = {}
    for scored in scores:
        for ref in scored.clips:
            place = (scored.source_id, scored.origin_at, ref.index)
            says = (ref, pytest.approx(scored.heads[0].score, abs=1e-6))
            assert seen.setdefault(place, says) == (ref, scored.heads[0].score)


def assert_everybody_was_told_once(chain: Chain, sources: int) -> None:
    """One mail and one webhook an alert, and an alert a source at least.

    What a worker was sending in the instant in which it was killed is sent once more, under the
    same id (ADR 0003): one mail and one webhook at most for each of the two that were killed.
    """
    wait_until(lambda: len(hooked(chain)) == len(mailed(chain)) >= sources, wait_s=300)
    again = tried_again(chain)
    for copies in (hooked(chain), mailed(chain)):
        twice = {identity for identity, count in copies.items() if count > 1}
        assert max(copies.values()) <= 2
        assert len(twice) <= 2
        assert twice <= again


def tried_again(chain: Chain) -> set[str]:
    """The deliveries that took more than one attempt, once all that came are written down."""
    attempts: list[DeliveryAttempted] = []

    def whole() -> bool:
        more = chain.deliveries.drain()
        attempts.extend(one for one in more if isinstance(one, DeliveryAttempted))
        return {str(one.delivery_id) for one in attempts} >= {*hooked(chain), *mailed(chain)}

    wait_until(whole)
    return {str(one.delivery_id) for one in attempts if one.attempt > 1}


def hooked(chain: Chain) -> Counter[str]:
    """How often a webhook came, by its delivery's id."""
    return Counter(one.headers["webhook-id"] for one in chain.hooks.inbox.items)


def mailed(chain: Chain) -> Counter[str]:
    """How often a mail came, by its delivery's id."""
    headers = [str(one.message["Message-ID"]) for one in chain.mails.inbox.items]
    return Counter(each.strip("<>").split("@")[0] for each in headers)
