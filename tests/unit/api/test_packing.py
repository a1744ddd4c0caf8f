"""Fresh blocks become wide ones, and nobody notices."""

from threading import Event

from sqlalchemy import select

from services.api.scores.blocks import FRESH, PACKED
from services.api.scores.packing import Packing
from services.api.tables import score_blocks, score_series
from tests.unit.api.builders import VIDEO, scored, scores
from tests.unit.api.conftest import Api

HOUR_S = 3600


def spans(api: Api) -> list[tuple[int, int, int]]:
    columns = score_blocks.c.first_index, score_blocks.c.span, score_blocks.c.clips
    with api.engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(score_blocks.c.first_index))
        return [tuple(row) for row in rows]


def indexes(api: Api) -> list[int]:
    url = f"/api/v1/sources/{VIDEO}/timeline?resolution=clip&limit=50000"
    return [clip["index"] for clip in api.client.get(url).json()["clips"]]


def test_what_is_written_to_stays_fresh(api: Api) -> None:
    api.project(*scores(300))
    Packing(api.engine, api.clock).turn()
    assert spans(api) == [(0, FRESH, 128), (128, FRESH, 128), (256, FRESH, 44)]


def test_what_has_settled_is_packed_and_reads_the_same(api: Api) -> None:
    api.project(*scores(300))
    before = api.client.get(f"/api/v1/sources/{VIDEO}/timeline").json()
    api.clock.wait(2 * HOUR_S, Event())
    Packing(api.engine, api.clock).turn()
    assert spans(api) == [(0, PACKED, 300)]
    assert api.client.get(f"/api/v1/sources/{VIDEO}/timeline").json() == before


def test_what_a_later_block_follows_is_packed_at_once(api: Api) -> None:
    api.project(*scores(130), scored(PACKED + 1))
    Packing(api.engine, api.clock).turn()
    assert spans(api) == [(0, PACKED, 130), (PACKED, FRESH, 1)]


def test_what_comes_late_goes_into_the_wide_block(api: Api) -> None:
    api.project(*scores(100))
    api.clock.wait(2 * HOUR_S, Event())
    Packing(api.engine, api.clock).turn()
    api.project(*scores(200)[50:])
    assert spans(api) == [(0, PACKED, 200)]
    assert indexes(api) == list(range(200))
    with api.engine.connect() as connection:
        assert connection.scalar(select(score_series.c.clips)) == 200


def test_packing_twice_changes_nothing(api: Api) -> None:
    api.project(*scores(100))
    api.clock.wait(2 * HOUR_S, Event())
    packing = Packing(api.engine, api.clock)
    packing.turn()
    before = spans(api)
    packing.turn()
    assert spans(api) == before
