"""Bulk export: what the tables have comes out as CSV and Parquet, and nothing of others does."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pyarrow.parquet as pq
import pytest

from schemas.alerts import AlertClosed, AlertOpened
from services.api import audit
from services.api.exports import formats, reading
from services.api.exports.columns import COLUMNS, TableName
from services.api.exports.reading import ExportAsked, ExportSource
from services.api.principal import Principal
from tests.unit.api.builders import CAMERA, CLIP_S, START, TWO_HEADS, alert, health, scored, scores
from tests.unit.api.conftest import Api

SPAN = {"since": START.isoformat(), "until": (START + timedelta(days=1)).isoformat()}


def fetched(api: Api, table: str, **where: Any) -> list[dict[str, str]]:
    answer = api.client.get(f"/api/v1/exports/{table}", params=SPAN | where)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def as_parquet(api: Api, table: str) -> Any:
    answer = api.client.get(f"/api/v1/exports/{table}", params=SPAN | {"format": "parquet"})
    assert answer.headers["content-disposition"].endswith('.parquet"')
    return pq.read_table(io.BytesIO(answer.content))


def test_clips_are_those_of_the_timeline(api: Api) -> None:
    api.project(*scores(300))
    rows = fetched(api, "clips")
    timeline = api.client.get(
        f"/api/v1/sources/{rows[0]['source_id']}/timeline", params={"resolution": "clip"}
    ).json()["clips"]
    assert [(row["at"][:23], int(row["index"])) for row in rows] == [
        (clip["at"].removesuffix("Z").ljust(20, ".")[:23].ljust(23, "0"), clip["index"])
        for clip in timeline
    ]
    for name in ("start_s", "end_s", "score", "calibrated"):
        assert [float(row[name]) for row in rows] == [clip[name] for clip in timeline]


def test_parquet_and_csv_say_the_same(api: Api) -> None:
    api.project(*scores(40, heads=TWO_HEADS), alert(AlertOpened), health())
    for table in COLUMNS:
        rows, found = fetched(api, table), as_parquet(api, table)
        assert found.schema.names == [column.name for column in COLUMNS[table]]
        assert len(found) == len(rows) > 0
        for row, other in zip(rows, found.to_pylist(), strict=True):
            assert row["source_id"] == other["source_id"]
            for column in COLUMNS[table]:
                if column.kind == "float64" and other[column.name] is not None:
                    assert float(row[column.name]) == other[column.name]


def test_two_heads_are_two_stretches_of_rows(api: Api) -> None:
    api.project(*(scored(index, heads=TWO_HEADS) for index in range(5)))
    assert [row["rule"] for row in fetched(api, "clips")] == ["fall"] * 5 + ["fight"] * 5


def test_minutes_have_their_highest_score_and_no_holes(api: Api) -> None:
    api.project(scored(0, 0.25), scored(1, 0.75), scored(200, 0.5))
    rows = fetched(api, "minutes")
    late = START + timedelta(minutes=int(200 * CLIP_S / 60))
    assert [(row["at"], float(row["calibrated"])) for row in rows] == [
        (f"{START:%Y-%m-%dT%H:%M:%S}.000000Z", 0.75),
        (f"{late:%Y-%m-%dT%H:%M:%S}.000000Z", 0.5),
    ]


def test_only_the_stretch_that_is_asked_for(api: Api) -> None:
    api.project(*scores(100))
    since, until = START + timedelta(seconds=10), START + timedelta(seconds=20)
    rows = fetched(api, "clips", since=since.isoformat(), until=until.isoformat())
    assert [int(row["index"]) for row in rows] == list(range(10, 19))


def test_alerts_say_whether_they_are_held(api: Api) -> None:
    closed = alert(AlertClosed, reason="subsided")
    api.project(scored(1), alert(AlertOpened), closed)
    api.client.patch(f"/api/v1/alerts/{closed.alert_id}", json={"held": True})
    (row,) = fetched(api, "alerts")
    assert (row["alert_id"], row["state"], row["is_held"]) == (
        str(closed.alert_id),
        "closed",
        "true",
    )


def test_an_alert_without_a_score_has_none(api: Api) -> None:
    api.project(scored(1), alert(AlertClosed), alert(AlertClosed, None, 90, kind="health"))
    assert sorted(row["peak_score"] for row in fetched(api, "alerts")) == ["", "0.8"]


def test_alerts_say_what_people_made_of_them(api: Api) -> None:
    judged, silent = alert(AlertClosed, reason="subsided"), alert(AlertClosed, opening=90)
    api.project(scored(1), judged, silent)
    address = f"/api/v1/alerts/{judged.alert_id}"
    api.client.put(f"{address}/acknowledgement")
    api.client.put(f"{address}/verdict", json={"verdict": "false", "reason": "the cleaner"})
    rows = {row["alert_id"]: row for row in fetched(api, "alerts")}
    row = rows[str(judged.alert_id)]
    assert (row["verdict"], row["verdict_reason"], row["reason"]) == (
        "false",
        "the cleaner",
        "subsided",
    )
    assert (row["judged_by"], row["acknowledged_by"]) == ("machine", "machine")
    assert row["acknowledged_at"] == f"{api.clock.now():%Y-%m-%dT%H:%M:%S}.000000Z"
    empty = rows[str(silent.alert_id)]
    assert not any(empty[name] for name in ("verdict", "judged_by", "acknowledged_at"))


def test_conditions_that_last_into_the_stretch(api: Api) -> None:
    api.project(health("offline", start_s=5, at_s=50))
    later = (START + timedelta(seconds=20)).isoformat()
    (row,) = fetched(api, "conditions", since=later)
    assert (row["condition"], row["source_id"]) == ("offline", str(CAMERA))


@pytest.mark.parametrize("table", COLUMNS)
def test_nothing_is_a_file_with_columns(api: Api, table: TableName) -> None:
    answer = api.client.get(f"/api/v1/exports/{table}")
    names = [column.name for column in COLUMNS[table]]
    assert answer.text == ",".join(f'"{name}"' for name in names) + "\n"
    assert as_parquet(api, table).schema.names == names


@pytest.mark.parametrize(
    ("where", "status"),
    [
        ({"source_id": str(uuid4())}, 404),
        ({"store_id": str(uuid4())}, 404),
        ({"until": SPAN["since"]}, 422),
        ({"since": "2020-01-01T00:00:00Z"}, 422),
        ({"format": "xlsx"}, 422),
        ({"run": "../x"}, 422),
    ],
)
def test_what_cannot_be_exported_is_refused(api: Api, where: dict[str, str], status: int) -> None:
    assert api.client.get("/api/v1/exports/clips", params=SPAN | where).status_code == status


def test_another_tenant_sees_none_of_it(api: Api) -> None:
    api.project(*scores(3))
    asked = ExportAsked("clips", START, START + timedelta(days=1), "live")
    with api.engine.connect() as connection:
        assert reading.sources_of(connection, Principal(), asked)
        assert not reading.sources_of(connection, Principal(tenant_id=uuid4()), asked)


def test_an_export_is_in_the_audit_log(api: Api) -> None:
    api.project(*scores(3))
    fetched(api, "clips")
    with api.engine.connect() as connection:
        actions = connection.execute(audit.audit_log.select()).mappings().all()
    assert [row["action"] for row in actions] == ["clips.exported"]


def test_pages_are_read_one_after_the_other(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_A_BATCH", 2)
    monkeypatch.setattr(reading, "CLIPS_A_BATCH", 1)
    source = scored(0).source_id
    api.project(*scores(300), *(alert(AlertOpened, opening=5 * n) for n in range(1, 8)))
    for table, count in (("alerts", 7), ("clips", 300)):
        asked = ExportAsked(table, START, START + timedelta(days=1), "live")  # type: ignore[arg-type]
        found = list(reading.batches(api.engine, [ExportSource(str(source), "a", None)], asked))
        assert len(found) > 1
        assert sum(len(batch["source_id"]) for batch in found) == count


def test_memory_does_not_grow_with_the_file() -> None:
    """The bytes come while rows still come, not at the end."""
    taken: list[int] = []

    def endless() -> Any:
        for number in range(100):
            taken.append(number)
            yield reading._minute_columns(
                ExportSource(str(UUID(int=0)), "a", None),
                ExportAsked("minutes", START, START + timedelta(days=7), "live"),
                "fight",
                reading.Span(START, START + timedelta(days=7)),
                {1: np.random.default_rng(number).random(7 * 24 * 60, np.float32)},
            )

    for wanted in ("csv", "parquet"):
        taken.clear()
        content = formats.encoded(COLUMNS["minutes"], endless(), wanted)  # type: ignore[arg-type]
        while len(next(content)) < 1000:
            pass
        assert len(taken) < 20
