"""DuckDB and pandas read the archive as docs/reference/archive.md says."""

import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from services.scoring.archive.columns import schema
from tests.unit.scoring.archive.builders import DOOR, NOON, STORE, TILL, Line, embedding, poses

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "archive.md"


@pytest.fixture
def folder(line: Line, tmp_path: Path) -> Path:
    """What a copy of the bucket is: two cameras, embeddings and poses."""
    line.take(line.write(*(embedding(n) for n in range(6)), embedding(0, source_id=DOOR)))
    line.take(line.write(*(poses(n) for n in range(6))))
    line.pass_s(7)
    for info in line.store.list("archive/"):
        path = tmp_path / info.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(line.store.get(info.key))
    return tmp_path / "archive"


def test_duckdb_reads_vectors_by_day_store_and_backbone(folder: Path) -> None:
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        rows = database.execute(
            f"""SELECT source_id, store, backbone, day, started_at, vector, clips[1].index
            FROM read_parquet('{folder}/embeddings/**/*.parquet', hive_partitioning = true)
            WHERE day = DATE '{NOON.date()}' AND source_id = '{TILL}' ORDER BY log_offset"""
        ).fetchall()
    assert len(rows) == 6
    source, store, backbone, day, started, vector, index = rows[3]
    assert (source, str(store), backbone, day) == (str(TILL), str(STORE), "i3d_k400", NOON.date())
    message = embedding(3)
    assert started == message.moment(message.clips[0].start_s)
    assert np.asarray(vector, np.float32).tobytes() == message.vector
    assert index == 3


def test_duckdb_reads_people_out_of_poses(folder: Path) -> None:
    with duckdb.connect() as database:
        (count,), *_ = database.execute(
            f"""SELECT sum(len(frames[1].people))
            FROM read_parquet('{folder}/poses/**/*.parquet', hive_partitioning = true)"""
        ).fetchall()
    assert count == sum(len(poses(n).frames[0].people) for n in range(6))


def test_pandas_reads_what_was_written(folder: Path) -> None:
    table = pd.read_parquet(folder / "embeddings").sort_values(["source_id", "log_offset"])
    of_till = table[table["source_id"] == str(TILL)]
    vectors = np.stack(list(of_till["vector"]))
    assert vectors.dtype == np.float32
    assert vectors.tobytes() == b"".join(embedding(n).vector for n in range(6))
    assert set(table["backbone"]) == {"i3d_k400"}
    assert len(pd.read_parquet(folder / "poses")) == 6


@pytest.mark.parametrize("kind", ["embeddings", "poses"])
def test_every_column_is_described(folder: Path, kind: str) -> None:
    path = next((folder / kind).rglob("*.parquet"))
    names = pq.read_schema(path).names
    assert names == schema("poses" if kind == "poses" else "embeddings", 8).names
    described = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert set(names) <= described
