"""The projector on real databases: order-safe, exactly once in effect, one suite for both."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Table, func, select

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from services.chassis.storage.migrations import upgrade
from services.api.projector import Projector
from services.api.tables import alerts, clips, deliveries, metadata, videos
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.storage import database
from tests.unit.api.builders import (
    SAYS,
    VIDEO,
    alert,
    at,
    delivered,
    incoming,
    progressed,
    scored,
    video_id,
)

pytestmark = pytest.mark.integration
NEVER = Event()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    upgrade(database_url)
    engine = database.connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def project(engine: Engine) -> "Project":
    return Project(engine)


class Project:
    """Hands messages to a projector, and reads rows back."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.projector = engine, Projector(engine)

    def __call__(self, *messages: Message) -> None:
        self.projector.handle(incoming(*messages), NEVER)

    def one(self, table: Table) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(table)).one()

    def all(self) -> dict[str, list[Any]]:
        """Every row of every table, less the columns that hold the time of writing."""
        with self.engine.connect() as connection:
            return {
                table.name: sorted(
                    tuple(value for name, value in row.items() if name not in WRITTEN)
                    for row in connection.execute(select(table)).mappings()
                )
                for table in metadata.sorted_tables
            }


WRITTEN = {"recorded_at", "finished_at"}


def whole_analysis() -> list[Message]:
    return [
        progressed("decoding", 1, progress=0.0, duration_s=4.2),
        progressed("decoding", 2, progress=0.5),
        progressed("decoded", 3, clip_count=4, playable_key="videos/x/playable.mp4"),
        scored(0),
        scored(1, 0.7),
        scored(2, 0.9, heads=SAYS),
        alert(AlertOpened, opening=1, peak_score=0.7),
        alert(AlertUpdated, opening=1, peak_score=0.9),
        alert(AlertClosed, opening=1, peak_score=0.9, reason="source_ended"),
        scored(3, 0.8, is_last=True, alerts_opened=1),
        delivered(1, "retrying"),
        delivered(2, "delivered"),
    ]


def test_several_processes_migrate_at_once_and_the_tables_are_the_migrations(
    database_url: str,
) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, [database_url] * 4))
    engine = database.connect(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_whole_analysis_is_done_and_told_in_full(project: Project) -> None:
    project(*whole_analysis())
    video = project.one(videos)
    assert (video.state, video.decoded, video.clip_count) == ("done", 1.0, 4)
    assert (video.duration_s, video.playable_key) == (4.2, "videos/x/playable.mp4")
    assert (video.submitted_at, video.progressed_at) == (at(1), at(3))
    one = project.one(alerts)
    assert (one.state, one.reason, one.peak_score) == ("closed", "source_ended", 0.9)
    assert len(project.all()["clips"]) == 4
    assert len(project.all()["deliveries"]) == 2


def test_what_each_of_several_heads_says_is_kept(project: Project) -> None:
    project(scored(0, heads=SAYS), scored(1))
    with project.engine.connect() as connection:
        kept = connection.execute(select(clips.c.heads).order_by(clips.c.position)).scalars().all()
    assert kept == [[said.model_dump() for said in SAYS], None]


def test_clips_and_alerts_of_other_videos_do_not_count(project: Project) -> None:
    project(*whole_analysis())
    other = video_id("other")
    project(progressed("decoded", 3, video_id=other, clip_count=2), scored(0, source_id=other))
    project(scored(1, source_id=other, is_last=True, alerts_opened=1))
    assert states(project) == {VIDEO: "done", other: "scoring"}
    project(
        alert(AlertOpened, source_id=other),
        alert(AlertClosed, source_id=other, reason="source_ended"),
    )
    assert states(project) == {VIDEO: "done", other: "done"}


def states(project: Project) -> dict[UUID, str]:
    query = select(videos.c.video_id, videos.c.state)
    with project.engine.connect() as connection:
        return {UUID(str(row.video_id)): row.state for row in connection.execute(query)}


def test_a_replay_changes_nothing(project: Project) -> None:
    project(*whole_analysis())
    before = project.all()
    project(*whole_analysis())
    project(*whole_analysis()[:2])
    assert project.all() == before


@pytest.mark.parametrize("seed", range(8))
def test_topics_may_overtake_one_another(project: Project, seed: int) -> None:
    """Order holds within a topic only; whichever way they interleave, the rows are the same."""
    project(*whole_analysis())
    expected = project.all()
    with project.engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    for message in interleaved(whole_analysis(), random.Random(seed)):
        project(message)
    assert project.all() == expected


def interleaved(messages: list[Message], chance: random.Random) -> list[Message]:
    lanes: dict[str, list[Message]] = {}
    for item in incoming(*messages):
        lanes.setdefault(item.record.partition.topic, []).append(item.message)
    woven = []
    while lanes:
        name = chance.choice(sorted(lanes))
        woven.append(lanes[name].pop(0))
        if not lanes[name]:
            del lanes[name]
    return woven


def test_old_news_never_overwrites_new(project: Project) -> None:
    project(progressed("decoded", 5, clip_count=9), progressed("decoding", 4, progress=0.2))
    video = project.one(videos)
    assert (video.state, video.decoded, video.clip_count) == ("scoring", 1.0, 9)


def test_a_job_that_starts_again_shows_its_new_progress(project: Project) -> None:
    project(progressed("decoding", 4, progress=0.9), progressed("decoding", 5, progress=0.1))
    assert project.one(videos).decoded == 0.1


def test_a_failed_video_says_why_and_stays_failed(project: Project) -> None:
    project(scored(0, is_last=True), progressed("failed", 2, error="no video track"))
    project(progressed("decoding", 1))
    video = project.one(videos)
    assert (video.state, video.error, video.finished_at) == ("failed", "no video track", at(2))


@pytest.mark.parametrize(
    "missing", [3, 4, 8, 9], ids=["first clip", "clip", "closed alert", "last clip"]
)
def test_not_done_before_everything_is_in(project: Project, missing: int) -> None:
    messages = whole_analysis()
    late = messages.pop(missing)
    project(*messages)
    assert project.one(videos).state == "scoring"
    project(late)
    assert project.one(videos).state == "done"


def test_a_closed_alert_never_opens_again_and_its_peak_only_grows(project: Project) -> None:
    project(
        alert(AlertClosed, peak_score=0.9, peak_s=3, end_s=6),
        alert(AlertUpdated, peak_score=0.95, peak_s=4, end_s=5),
        alert(AlertOpened, peak_score=0.7, peak_s=2, end_s=9),
    )
    one = project.one(alerts)
    assert (one.state, one.reason, one.end_s) == ("closed", "subsided", 6)
    assert (one.peak_score, one.peak_s) == (0.95, 4)


def test_times_keep_their_microseconds_and_zone(project: Project) -> None:
    project(progressed("decoding", 1.654321))
    assert project.one(videos).progressed_at == at(1.654321)


def test_names_may_be_in_any_script(project: Project) -> None:
    project(progressed("failed", error="キャメラ 🎥 é"))
    assert project.one(videos).error == "キャメラ 🎥 é"


def test_a_number_no_column_takes_is_an_invalid_message(project: Project) -> None:
    with pytest.raises(InvalidMessage, match="no column takes it"):
        project(scored(2**70))
    project(scored(0))
    with project.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(clips)) == 1


def test_a_database_that_is_away_is_transient() -> None:
    engine = database.connect("mysql+pymysql://root@127.0.0.1:1/none")
    with pytest.raises(TransientError, match="database"):
        Project(engine)(scored(0))
    engine.dispose()


def test_a_batch_of_ten_thousand_scores_is_one_transaction(project: Project) -> None:
    project(*(scored(index, is_last=index == 9_999) for index in range(10_000)))
    with project.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(clips)) == 10_000


def test_attempts_of_a_delivery_are_rows_of_their_own(project: Project) -> None:
    project(delivered(1, "retrying"), delivered(2), delivered(2))
    with project.engine.connect() as connection:
        outcomes = connection.scalars(select(deliveries.c.outcome).order_by("attempt")).all()
    assert outcomes == ["retrying", "delivered"]
