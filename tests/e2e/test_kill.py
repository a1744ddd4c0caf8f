"""kill -9 of any one process in the middle of an analysis: in effect, nothing happened."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import pytest

from schemas.alerts import AlertOpened
from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.embeddings import EmbeddingExtracted
from schemas.judgements import ClipJudged
from schemas.scores import ClipScored
from schemas.topics import ALERTS, CLIPS_BULK, EMBEDDINGS, JUDGEMENTS, SCORES, Topic
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.tail import Tail
from services.cli.client import Client
from services.cli.demo import receivers
from services.cli.footage import Footage, judge, render_scene
from services.local.receivers import SmtpSink, WebhookReceiver
from services.local.stack import LocalStack
from tests.waiting import until_ended, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.e2e]


@dataclass
class Line:
    """The whole line, with somebody at its end who listens."""

    stack: LocalStack
    mails: SmtpSink
    hooks: WebhookReceiver
    scene: Footage

    @property
    def settings(self) -> ServiceSettings:
        return ServiceSettings(kafka_bootstrap=self.stack.bootstrap)

    def kill(self, name: str) -> None:
        pid = self.stack.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("line")
    scene = render_scene(folder, "sim://store?seed=7&seconds=26&incident=8-18")
    with SmtpSink() as mails, WebhookReceiver() as hooks:
        environment = receivers(mails, hooks)
        with LocalStack(folder / "home", environment=environment) as stack:
            yield Line(stack, mails, hooks, scene)


@pytest.fixture
def client(line: Line) -> Iterator[Client]:
    with closing(Client(line.stack.api_url)) as found:
        yield found


MOMENTS: dict[str, tuple[Topic, type[Message]]] = {
    "ingest": (CLIPS_BULK, ClipRecorded),
    "features": (EMBEDDINGS, EmbeddingExtracted),
    "judging": (JUDGEMENTS, ClipJudged),
    "episodes": (SCORES, ClipScored),
    "alerts": (ALERTS, AlertOpened),
    "api": (ALERTS, AlertOpened),
    "kafka": (SCORES, ClipScored),
    "store": (CLIPS_BULK, ClipRecorded),
}
"""What must have been seen of the video before the process is killed: it is at work then."""


@pytest.mark.parametrize("victim", MOMENTS)
def test_every_clip_is_scored_once_and_the_alert_told_once(
    line: Line, client: Client, victim: str
) -> None:
    topic, kind = MOMENTS[victim]
    tail = Tail(line.settings, topic)
    video_id = client.upload(line.scene.path)
    tail.until(lambda one: isinstance(one, kind) and one.key == str(video_id), 300)
    tail.close()
    line.kill(victim)

    video = until_ended(client, str(video_id))
    assert video["state"] == "done", video
    timeline = client.timeline(video_id)
    spans = [(one["start_s"], one["end_s"]) for one in timeline["clips"]]
    assert spans[0][0] == 0
    assert all(end == pytest.approx(start, abs=1e-3) for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] == pytest.approx(video["duration_s"], abs=0.1)

    assert line.scene.truth is not None
    alerts = client.alerts(video_id)
    verdict = judge([(one["start_s"], one["end_s"]) for one in alerts], line.scene.truth)
    assert verdict.right, alerts
    told_once(line, {one["alert_id"] for one in alerts})


def told_once(line: Line, alert_ids: set[str]) -> None:
    """One mail and one webhook an alert, by the ids under which a receiver tells repeats."""
    wait_until(lambda: hook_ids(line, alert_ids) and len(mail_ids(line)) >= len(all_hooks(line)))
    assert len(hook_ids(line, alert_ids)) == len(alert_ids)
    assert len(mail_ids(line)) == len(all_hooks(line))


def all_hooks(line: Line) -> set[str]:
    return {one.headers["webhook-id"] for one in line.hooks.inbox.items}


def hook_ids(line: Line, alert_ids: set[str]) -> set[str]:
    return {
        one.headers["webhook-id"]
        for one in line.hooks.inbox.items
        if any(alert_id.encode() in one.body for alert_id in alert_ids)
    }


def mail_ids(line: Line) -> set[str]:
    return {str(one.message["Message-ID"]) for one in line.mails.inbox.items}
