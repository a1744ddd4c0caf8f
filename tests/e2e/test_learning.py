"""From what people marked to a head in service and back, on a real stack and by the commands that
people type: alerts are reviewed, a missed event is reported, `nightclerk train --from-reviews`
reads both from the API and the embeddings from the archive, and what it registers is replayed,
compared, let look on, promoted on the strength of the replay, and taken back; then the same from
the replay on by the page, in Chromium.

The network is the one part that is left out: embeddings are made up, and so is what it sees in
the reference scenes. So are the films of the cameras.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr

from schemas.clips import ClipSpec
from schemas.ids import DEFAULT_TENANT, segment_id, segment_key
from schemas.recordings import RECORDING_TYPE, SegmentRecorded
from schemas.topics import EMBEDDINGS, RECORDINGS
from services.chassis.settings import KafkaSettings, ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.cli.client import Client
from services.cli.reference import SCENES, folder_of, keep
from services.features.backbones import Options
from services.local.stack import LocalStack
from services.rules.folders import DEFAULT
from services.scoring.heads.checkpoint import read
from services.training.features import Features
from services.training.reviews.windows import is_held_out
from tests.builders import embedding
from tests.e2e import by_page
from tests.footage import HEIGHT, WIDTH, encoded
from tests.waiting import wait_until

WHY_NOT = by_page.why_not()
pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
]

BACKBONE, DIM, SPEC = "i3d_k400", 1024, ClipSpec()
PARTS = ("kafka", "store", "judging", "episodes", "archive", "replay", "api")
PATIENCE_S = 240
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
ORIGIN = TODAY - timedelta(days=28)
A_DAY = round(86400 / SPEC.hop_s)
"""Clips: a whole number, so that each day of the grid begins at midnight."""
WINDOWS, LASTS = 200, 3
SHOWN, FALSE, MISSED = 100, 130, 160
"""Where in a day the windows of each kind begin: a theft that the shipped head finds, one that is
none, and one that it does not find."""
TAUGHT, HELD_OUT = 4, 2
FILMED_S = 40


@dataclass(frozen=True)
class Day:
    """A day of a camera, of which `WINDOWS` windows are seen from midnight on."""

    camera: UUID
    number: int

    @property
    def at(self) -> datetime:
        return ORIGIN + timedelta(days=self.number)

    @property
    def is_held_out(self) -> bool:
        return is_held_out(DEFAULT_TENANT, f"{self.camera}/{self.at.date()}")

    def moment(self, window: int) -> str:
        return (self.at + timedelta(seconds=2 * window * SPEC.hop_s)).isoformat()

    def span(self, window: int) -> dict[str, str]:
        return {"since": self.moment(window), "until": self.moment(window + LASTS)}


class Pictures:
    """Made-up embeddings: noise, to which what happens adds something in a direction of its own."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(5)
        found = read(DEFAULT / "theft")[0].out.weight[0].detach().numpy().clip(0)  # type: ignore[attr-defined]
        theft, aside = 25 * found / np.linalg.norm(found), 25 * np.eye(DIM)
        self._added = {SHOWN: theft, FALSE: theft + aside[0], MISSED: aside[1]}

    def noise(self, count: int) -> NDArray[np.float32]:
        """[count, DIM]; no head finds anything in it."""
        return np.abs(self._rng.normal(size=(count, DIM))).astype(np.float32)

    def day(self, happens: Sequence[int]) -> NDArray[np.float32]:
        """[WINDOWS, DIM]"""
        vectors_ND = self.noise(WINDOWS)
        for kind in happens:
            vectors_ND[kind : kind + LASTS] += self._added[kind].astype(np.float32)
        return vectors_ND


class Shop:
    """A stack, and who works with it."""

    def __init__(self, stack: LocalStack, client: Client, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.stack, self._pictures = stack, Pictures()
        self._publisher = KafkaPublisher(KafkaSettings(kafka_bootstrap=stack.bootstrap), "test")

    def nightclerk(self, *words: str) -> str:
        """What a command prints."""
        environment = {**os.environ, **self.stack.environment}
        done = subprocess.run(
            [sys.executable, "-m", "services.cli", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def add_camera(self, name: str) -> UUID:
        entry = {"name": name, "address": "rtsp://192.0.2.1/stream", "is_paused": True}
        return UUID(self.client.add_camera(entry)["source_id"])

    def show(self, day: Day, *happens: int) -> None:
        """As the features service would."""
        for number, vector_D in enumerate(self._pictures.day(happens)):
            first = day.number * A_DAY + 2 * number
            seen = embedding(
                first,
                first + 1,
                source_id=day.camera,
                source_kind="camera",
                origin_at=ORIGIN,
                cut_at=day.at + timedelta(seconds=2 * (number + 1) * SPEC.hop_s),
                is_wall_clock=True,
                dim=DIM,
                vector=vector_D.astype("<f4").tobytes(),
            )
            self._publisher.publish(Outgoing(EMBEDDINGS, seen))
        self._publisher.flush()

    def film(self, days: Sequence[Day], window: int) -> None:
        """What the cameras recorded around it lies in the object store."""
        store = S3Objects.connect(
            ServiceSettings(
                s3_endpoint=self.stack.s3_endpoint,
                s3_access_key=self.stack.s3_access_key,
                s3_secret_key=SecretStr(self.stack.s3_secret_key),
            )
        )
        film = encoded(self.folder / "film.mp4", range(FILMED_S))
        for day in days:
            started_at = datetime.fromisoformat(day.moment(window)) - timedelta(seconds=15)
            key = segment_key(day.camera, started_at)
            store.put_file(key, film, RECORDING_TYPE)
            recorded = SegmentRecorded(
                source_id=day.camera,
                segment_id=segment_id(day.camera, started_at),
                started_at=started_at,
                ended_at=started_at + timedelta(seconds=FILMED_S),
                size_bytes=film.stat().st_size,
                codec="h264",
                width=WIDTH,
                height=HEIGHT,
                object_key=key,
                recorded_at=started_at + timedelta(seconds=FILMED_S),
            )
            self._publisher.publish(Outgoing(RECORDINGS, recorded))
        self._publisher.flush()

    def keep_reference(self) -> None:
        """What the network saw in the reference scenes before, as it were."""
        count = 15
        start_N = np.arange(count) * 2 * SPEC.hop_s
        times = start_N, start_N + 2 * SPEC.hop_s
        keep(
            folder_of(BACKBONE, Options(self.folder / "cache")),
            [
                Features(
                    f"scene-{scene.seed}",
                    self._pictures.noise(count)[None],
                    *times,
                    BACKBONE,
                    2,
                    SPEC,
                )
                for scene in SCENES
            ],
        )

    def alerts(self, day: Day, **where: str) -> list[dict[str, Any]]:
        """Of theft, on that day, in the order of time."""
        until = (day.at + timedelta(days=1)).isoformat()
        span = {"since": day.at.isoformat(), "until": until, "source_id": str(day.camera)}
        found = self.client.listed("/alerts", **span, **where)
        theft = [each for each in found if each["rule"] == "theft"]
        return sorted(theft, key=lambda alert: str(alert["started_at"]))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    environment = {
        "NIGHTCLERK_ARCHIVE_FLUSH_S": "1",
        "NIGHTCLERK_CACHE_DIR": str(tmp_path / "cache"),
    }
    with (
        LocalStack(tmp_path / "home", PARTS, environment=environment) as stack,
        closing(Client(stack.api_url, stack.api_token)) as client,
    ):
        yield Shop(stack, client, tmp_path)


def test_from_reviews_to_a_head_in_service_and_back(shop: Shop) -> None:
    days = watched(shop)
    mark(shop, days)
    detector = taught(shop)
    run = replayed(shop, detector, days)
    shadowed_and_promoted(shop, detector, run, days[0].camera)
    rolled_back(shop, detector, days[0].camera)
    the_same_by_the_page(shop, detector, days)


def watched(shop: Shop) -> list[Day]:
    """Days on either side of the line, and what the shipped head raised in them."""
    cameras = [shop.add_camera(name) for name in ("till", "door", "aisle")]
    past = [Day(camera, number) for camera in cameras for number in range(24)]
    sides = [[day for day in past if day.is_held_out is side] for side in (False, True)]
    chosen = [*islice(sides[0], TAUGHT), *islice(sides[1], HELD_OUT)]
    days = sorted(chosen, key=lambda day: day.number)
    for day in days:
        shop.show(day, SHOWN, FALSE, MISSED)
    for day in days:
        wait_until(lambda day=day: len(shop.alerts(day)) == 2, PATIENCE_S)
    return days


def mark(shop: Shop, days: Sequence[Day]) -> None:
    for day in days:
        true, false = shop.alerts(day)
        shop.client.review(true["alert_id"], "verdict", {"verdict": "true"})
        shop.client.review(false["alert_id"], "verdict", {"verdict": "false"})
        report = {"source_id": str(day.camera), "label": "theft", **day.span(MISSED)}
        shop.client.post("/missed-events", report)


def taught(shop: Shop) -> str:
    """The id of what was registered."""
    shop.keep_reference()
    words = "train", "--from-reviews", "--label", "theft", "--register"
    output = shop.nightclerk(*words, "--out", str(shop.folder / "ours"))
    assert f"taught by {2 * TAUGHT} events marked theft" in output
    assert f"held out {2 * HELD_OUT} events" in output
    assert "held-out camera-days: AUC 1.000, the head before 0" in output
    found = next(iter(shop.client.listed("/models")))
    assert (found["name"], found["state"]) == ("ours", "candidate")
    assert f"registered {found['detector']} as ours 1" in output
    return str(found["detector"])


def replayed(shop: Shop, detector: str, days: Sequence[Day]) -> str:
    """Of each day what was missed comes, and what was false goes. The name of the run."""
    words = "replays", "start", "--detector", "ours", "--name", "again", "--wait", "--json"
    since = min(day.at for day in days).isoformat()
    found = json.loads(shop.nightclerk(*words, "--since", since))
    assert found["run"]["detector"] == detector
    assert (found["gained"]["count"], found["lost"]["count"]) == (len(days), len(days))
    assert (found["same"], found["moved"]["count"]) == (len(days), 0)
    return str(found["run"]["run"])


def shadowed_and_promoted(shop: Shop, detector: str, run: str, camera: UUID) -> None:
    shop.nightclerk("models", "shadow", "ours")
    looked_on, today = Day(camera, 24), Day(camera, 25)
    shop.show(looked_on, MISSED)
    wait_until(lambda: shop.alerts(looked_on, run=f"shadow-{detector}"), PATIENCE_S)
    assert not shop.alerts(looked_on)
    assert "live" in shop.nightclerk("models", "promote", "ours", "--run", run)
    done = shop.client.listed("/deployments/history")
    latest = next(entry for entry in done if entry["action"] == "promoted")
    assert latest["replay_run"] == run
    kept = shop.client.get(f"/deployments/history/{latest['entry_id']}")["comparison"]
    assert kept["gained"]["count"] == kept["lost"]["count"] > 0
    shop.show(today, MISSED)
    wait_until(lambda: shop.alerts(today), PATIENCE_S)


def rolled_back(shop: Shop, detector: str, camera: UUID) -> None:
    """What was shipped judges again, and is as blind as before."""
    shop.nightclerk("models", "rollback", "--reason", "only a test")
    now = Day(camera, 26)
    shop.show(now, MISSED, FALSE)
    wait_until(lambda: len(shop.alerts(now)) == 1, PATIENCE_S)
    found = shop.client.get(f"/models/{detector}")
    assert found["state"] == "candidate"


def the_same_by_the_page(shop: Shop, detector: str, days: Sequence[Day]) -> None:
    """What is made live there finds what it was taught; rolled back there it judges no more. Beside
    the days before, the live one missed it on two: while ours looked on, and after it went back.
    """
    shop.film(days, MISSED)
    camera = days[0].camera
    with by_page.owner(shop.stack) as page:
        run = by_page.replay(page, "ours v1", since=days[0].at, until=TODAY)
        by_page.compare(page, run, gained=len(days) + 2)
        by_page.make_live(page, "ours v1")
        now = Day(camera, 27)
        shop.show(now, MISSED)
        wait_until(lambda: shop.alerts(now), PATIENCE_S)
        by_page.roll_back(page, "ours v1")
    assert shop.client.get(f"/models/{detector}")["state"] == "candidate"
    done = list(islice(shop.client.listed("/deployments/history"), 2))
    assert [each["action"] for each in done] == ["rolled_back", "promoted"]
    assert done[1]["replay_run"] == run
