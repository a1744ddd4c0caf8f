"""How the projector writes: batches, several writers, old news."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from services.api.tables import alerts, score_series, videos
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.storage import database
from tests.integration.api.projection import Project
from tests.unit.api.builders import alert, at, progressed, scored, scores

pytestmark = pytest.mark.integration


def test_old_news_never_overwrites_new(project: Project) -> None:
    project(progressed("decoded", 5, clip_count=9), progressed("decoding", 4, progress=0.2))
    video = project.one(videos)
    assert (video.state, video.decoded, video.clip_count) == ("scoring", 1.0, 9)


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
        project(scored(2**53))
    project(scored(0))
    assert len(project.clips()) == 1


def test_a_database_that_is_away_is_transient() -> None:
    engine = database.connect("mysql+pymysql://root@127.0.0.1:1/none")
    with pytest.raises(TransientError, match="database"):
        Project(engine)(scored(0))
    engine.dispose()


def test_a_batch_of_ten_thousand_scores_is_one_transaction(project: Project) -> None:
    project(*scores(10_000))
    clips = project.clips()
    assert [index for index, _, _ in clips] == list(range(10_000))
    expected = [(index * 7 % 100) / 100 for index in range(10_000)]
    assert [one for _, _, one in clips] == pytest.approx(expected, abs=1e-6)
    assert [raw for _, raw, _ in clips] == pytest.approx([4 * p - 2 for p in expected], abs=1e-6)


def test_scores_come_in_any_order_and_pieces(project: Project) -> None:
    chance, messages = random.Random(3), scores(700)
    chance.shuffle(messages)
    while messages:
        count = chance.randint(1, 90)
        project(*messages[:count], *messages[: count // 3])
        del messages[:count]
    assert [index for index, _, _ in project.clips()] == list(range(700))
    with project.engine.connect() as connection:
        assert connection.scalar(select(score_series.c.clips)) == 700


def test_two_writers_of_one_source_lose_nothing(engine: Engine) -> None:
    """As for a moment after a rebalance."""
    projects = [Project(engine), Project(engine)]
    parts = [scores(120)[0::2], scores(120)[1::2]]

    def write(number: int) -> None:
        for message in parts[number]:
            patiently(lambda one=message: projects[number](one))  # type: ignore[misc]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    assert [index for index, _, _ in projects[0].clips()] == list(range(120))
    with engine.connect() as connection:
        assert connection.scalar(select(score_series.c.clips)) == 120


def patiently(work: Callable[[], None]) -> None:
    """As the consume loop does with what is transient."""
    for _ in range(20):
        try:
            return work()
        except TransientError:
            continue
    raise AssertionError("never got its turn")
