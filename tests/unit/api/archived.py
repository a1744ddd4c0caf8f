"""Parts of the archive as the API meets them: rows a minute apart."""

import io
from datetime import datetime, timedelta
from uuid import UUID

import pyarrow as pa
from pyarrow import parquet

from schemas.archive import ENDED_AT, STARTED_AT, Part, PartOf, utc_day
from schemas.ids import DEFAULT_TENANT, default_store
from services.chassis.storage.objects import ObjectStore

MINUTE = timedelta(minutes=1)
MOMENT = pa.timestamp("us", tz="UTC")


def put_part(
    store: ObjectStore,
    source_id: UUID,
    start: datetime,
    rows: int = 10,
    store_id: UUID | None = None,
) -> Part:
    """So many rows, each of a second, the first at `start`."""
    whose = PartOf(
        "embeddings",
        DEFAULT_TENANT,
        store_id or default_store(DEFAULT_TENANT),
        utc_day(start),
        "i3d_k400",
        source_id,
    )
    part = Part(whose, 0, 0, rows, rows, "00000000")
    began = [start + n * MINUTE for n in range(rows)]
    table = pa.table(
        {
            "source_id": [str(source_id)] * rows,
            "source_kind": ["camera"] * rows,
            "embedding_id": [str(UUID(int=n + 1)) for n in range(rows)],
            STARTED_AT: pa.array(began, MOMENT),
            ENDED_AT: pa.array([each + timedelta(seconds=1) for each in began], MOMENT),
            "vector": pa.array([[float(n)] * 4 for n in range(rows)], pa.list_(pa.float32(), 4)),
        }
    )
    sink = io.BytesIO()
    parquet.write_table(table, sink, row_group_size=4)
    sink.seek(0)
    store.put(part.key, sink, "application/vnd.apache.parquet")
    return part


def vectors(store: ObjectStore) -> dict[str, list[float]]:
    """By source, the first number of each vector there is, in order."""
    found: dict[str, list[float]] = {}
    for info in store.list("archive/"):
        table = parquet.read_table(io.BytesIO(store.get(info.key)), partitioning=None)
        for name, vector in zip(
            table.column("source_id").to_pylist(), table.column("vector").to_pylist(), strict=True
        ):
            found.setdefault(name, []).append(vector[0])
    return {name: sorted(numbers) for name, numbers in found.items()}
