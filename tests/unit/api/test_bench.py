"""The bench of the storage, in small: its cameras are read back as any others."""

from pathlib import Path

import numpy as np
from sqlalchemy import select

from services.api.bench.cameras import BEGIN, DAY, Camera, fill, join_stores
from services.api.bench.load import Asker, LoadPlan, Questions
from services.api.bench.storage import QUESTIONS, Plan, explanations, measure
from services.api.principal import Principal
from services.api.queries.sources import Stretch, timeline
from services.api.scores.blocks import PACKED
from services.api.tables import alerts
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade


def test_it_says_how_much_and_how_long(tmp_path: Path) -> None:
    url, heard = f"sqlite:///{tmp_path / 'bench.db'}", []
    plan = Plan(cameras=2, days=1, clients=2, rounds=1, pause_s=0.0)
    result = measure(url, plan, heard.append)
    assert (result["scores"], result["cameras"]) == (2 * 81_000, 2)
    assert result["bytes_per_camera_month"] > 0
    for name in QUESTIONS:
        assert set(result[f"{name}_ms"]) == {"p50", "p95"}
    assert {name for name, _, _ in explanations(url)} == set(QUESTIONS)
    assert heard[-1] in QUESTIONS

    engine, camera = database.connect(url), Camera(1)
    with engine.connect() as connection:
        stretch = Stretch(BEGIN, BEGIN + DAY, resolution="clip", limit=50_000)
        told = timeline(connection, Principal(), camera.uuid, stretch)
    engine.dispose()
    assert told is not None
    assert len(told["clips"]) == 50_000
    found = [clip["score"] for clip in told["clips"][:PACKED]]
    np.testing.assert_allclose(found, camera.scores(0, PACKED).raw_N, rtol=0, atol=1e-6)


def test_the_bench_of_the_api_asks_what_there_is(tmp_path: Path) -> None:
    url, plan = f"sqlite:///{tmp_path / 'bench.db'}", LoadPlan(cameras=2, days=1)
    upgrade(url)
    engine = database.connect(url)
    assert [done for done, _ in fill(engine, plan.cameras, plan.days, tenants=2)] == [1, 2]
    join_stores(engine, plan.cameras)
    with engine.connect() as connection:
        grouped = connection.execute(select(alerts.c.alert_id, alerts.c.incident_id)).all()
    engine.dispose()
    assert None not in {row.incident_id for row in grouped}
    chance = np.random.default_rng(1)
    asker = Asker("key", [Camera(0), Camera(1)], [grouped[0].alert_id])
    paths = [ask(chance) for ask in Questions(plan, asker).all().values()]
    assert all(path.startswith("/") for path in paths)
