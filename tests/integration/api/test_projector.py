"""The projector on real databases: order-safe, exactly once in effect, one suite for both."""

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from services.alerts import tables as ledger
from services.api import app as _all_tables  # noqa: F401 - those of its routes too
from services.api.tables import (
    alerts,
    cameras,
    conditions,
    deliveries,
    metadata,
    segments,
    sources,
    videos,
)
from services.chassis.storage import database, leases
from services.chassis.storage.migrations import upgrade
from services.chassis.webpush import webpush_keys
from tests.integration.api.projection import Project
from tests.unit.api.builders import (
    CAMERA,
    TWO_HEADS,
    VIDEO,
    alert,
    at,
    configured,
    delivered,
    health,
    incoming,
    progressed,
    scored,
    scores,
    segment,
    video_id,
)

pytestmark = pytest.mark.integration


def whole_analysis() -> list[Message]:
    return [
        progressed("decoding", 1, progress=0.0, duration_s=4.2),
        progressed("decoding", 2, progress=0.5),
        progressed("decoded", 3, clip_count=4, playable_key="videos/x/playable.mp4"),
        scored(0),
        scored(1, 0.7),
        scored(2, 0.9, heads=TWO_HEADS),
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
        tables = [metadata, ledger.metadata, leases.metadata, webpush_keys.metadata]
        assert compare_metadata(context, tables) == []
    engine.dispose()


def test_a_whole_analysis_is_done_and_told_in_full(project: Project) -> None:
    project(*whole_analysis())
    video = project.one(videos)
    assert (video.state, video.decoded, video.clip_count) == ("done", 1.0, 4)
    assert (video.duration_s, video.playable_key) == (4.2, "videos/x/playable.mp4")
    assert (video.submitted_at, video.progressed_at) == (at(1), at(3))
    assert (video.clips_missing, video.note) == (0, None)
    one = project.one(alerts)
    assert (one.state, one.reason, one.peak_score) == ("closed", "source_ended", 0.9)
    assert [index for index, _, _ in project.clips()] == [0, 1, 2, 3]
    assert len(project.all()["deliveries"]) == 2


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


def test_a_shadow_neither_ends_an_analysis_nor_holds_it_up(project: Project) -> None:
    project(progressed("decoded", 3, clip_count=2), *scores(1, run="shadow"))
    project(scored(1, is_last=True, run="shadow", alerts_opened=5))
    assert states(project) == {VIDEO: "scoring"}
    project(scored(0), scored(1, is_last=True))
    assert states(project) == {VIDEO: "done"}


def test_a_replay_changes_nothing(project: Project) -> None:
    project(*whole_analysis())
    before = project.all()
    project(*whole_analysis())
    project(*whole_analysis()[:2])
    assert project.all() == before


@pytest.mark.parametrize("seed", range(8))
def test_topics_may_overtake_one_another(project: Project, seed: int) -> None:
    """Order holds within a topic only; whichever way they interleave, the rows are the same."""
    project.submit()
    project(*whole_analysis())
    expected = project.all()
    project.empty()
    project.submit()
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


def test_a_job_that_starts_again_shows_its_new_progress(project: Project) -> None:
    project(progressed("decoding", 4, progress=0.9), progressed("decoding", 5, progress=0.1))
    assert project.one(videos).decoded == 0.1


def test_a_failed_video_says_why_and_stays_failed(project: Project) -> None:
    project(scored(0, is_last=True), progressed("failed", 2, error="no video track"))
    project(progressed("decoding", 1))
    video = project.one(videos)
    assert (video.state, video.error, video.finished_at) == ("failed", "no video track", at(2))


@pytest.mark.parametrize("missing", [8, 9], ids=["closed alert", "last clip"])
def test_not_done_before_its_end_is_in(project: Project, missing: int) -> None:
    messages = whole_analysis()
    late = messages.pop(missing)
    project(*messages)
    assert project.one(videos).state == "scoring"
    project(late)
    assert project.one(videos).state == "done"


@pytest.mark.parametrize("missing", [3, 4, 5])
def test_what_is_missing_between_is_counted_and_holds_nothing_up(
    project: Project, missing: int
) -> None:
    messages = whole_analysis()
    late = messages.pop(missing)
    project(*messages)
    assert (project.one(videos).state, project.one(videos).clips_missing) == ("done", 1)
    project(late)
    assert (project.one(videos).state, project.one(videos).clips_missing) == ("done", 0)


def test_attempts_of_a_delivery_are_rows_of_their_own(project: Project) -> None:
    project(delivered(1, "retrying"), delivered(2), delivered(2))
    with project.engine.connect() as connection:
        outcomes = connection.scalars(select(deliveries.c.outcome).order_by("attempt")).all()
    assert outcomes == ["retrying", "delivered"]


def test_configured_sources_conditions_and_segments_are_upserts(project: Project) -> None:
    """On both databases, whatever comes first: stubs, old news, or the same again."""
    told = (
        *scores(3, source_id=CAMERA, source_kind="camera"),
        configured("Till 1", 5),
        configured("Till", 2),
        health(at_s=90, is_over=True),
        health(at_s=30),
        segment(0, 5, object_key="recordings/a.mp4"),
        segment(0),
    )
    project(*told)
    project(*told)
    source, camera = project.one(sources), project.one(cameras)
    condition, recorded = project.one(conditions), project.one(segments)
    assert (source.name, source.configured_at) == ("Till 1", at(5))
    assert (camera.address, camera.announced_at) == ("sim://store", at(5))
    assert (condition.is_over, condition.ended_at) == (True, at(90))
    assert recorded.object_key == "recordings/a.mp4"
