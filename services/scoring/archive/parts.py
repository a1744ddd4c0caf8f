"""Parts as objects: tables of Arrow to Parquet, and back by what of them is wanted."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.archive import CONTENT_TYPE, STARTED_AT, ArchiveKind, Part
from services.chassis.storage.objects import ObjectStore, open_object
from services.scoring.archive.columns import ROW_ID

MARK_BYTES = 16
"""Of a row that was seen."""
ROW_GROUP = 4096
"""Rows that are read at once: 16 MB of I3D's vectors."""

READ_WHOLE_BYTES = 32 * 1024 * 1024
"""A larger object is read by the ranges that are wanted."""


def writer(sink: Any, table_schema: pa.Schema) -> pq.ParquetWriter:
    """zstd; bytes of floats that mean alike stand together, which vectors shrink by."""
    is_vectors = "vector" in table_schema.names
    return pq.ParquetWriter(
        sink,
        table_schema,
        compression="zstd",
        use_dictionary=["source_id", "source_kind"],
        use_byte_stream_split=["vector.list.element"] if is_vectors else False,
        write_statistics=[STARTED_AT, "log_offset"],
        store_schema=True,
    )


def put(store: ObjectStore, part: Part, table: pa.Table) -> int:
    """Write the part; how many bytes. The same rows again are the same object."""
    sink = io.BytesIO()
    with writer(sink, table.schema) as file:
        file.write_table(table, row_group_size=ROW_GROUP)
    sink.seek(0)
    return store.put(part.key, sink, CONTENT_TYPE).size_bytes


def tables(
    store: ObjectStore, part: Part, since: datetime | None = None, until: datetime | None = None
) -> Iterator[pa.Table]:
    """The rows of a part that began from `since` on and before `until`, a row group at a time.
    Raises ObjectMissing for a part that is gone.
    """
    with pq.ParquetFile(_opened(store, part.key)) as file:
        for number in range(file.num_row_groups):
            if _may_have(file.metadata.row_group(number), since, until):
                table = _between(file.read_row_group(number), since, until)
                if table.num_rows:
                    yield table


def regrouped(found: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in the same order, ROW_GROUP or a little more at a time; tables of other
    columns are not put together.
    """
    waiting: list[pa.Table] = []
    for table in found:
        if waiting and table.schema != waiting[0].schema:
            yield pa.concat_tables(waiting)
            waiting = []
        waiting.append(table)
        if sum(each.num_rows for each in waiting) >= ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def unseen(table: pa.Table, kind: ArchiveKind, seen: set[bytes]) -> pa.Table:
    """The rows that were not seen yet, by their place on the log; from now on they are."""
    names = "log_partition", "log_offset", ROW_ID[kind]
    places = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    marks = [_mark(*place) for place in places]
    fresh = [mark not in seen for mark in marks]
    seen.update(marks)
    return table if all(fresh) else table.filter(pa.array(fresh))


def _mark(partition: int, offset: int, row_id: str) -> bytes:
    """Of one record among all."""
    return blake2b(f"{partition}/{offset}/{row_id}".encode(), digest_size=MARK_BYTES).digest()


def _opened(store: ObjectStore, key: str) -> BinaryIO:
    if store.stat(key).size_bytes <= READ_WHOLE_BYTES:
        return io.BytesIO(store.get(key))
    return open_object(store, key)


def _may_have(group: Any, since: datetime | None, until: datetime | None) -> bool:
    """By the statistics of the row group; True where there are none."""
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == STARTED_AT and column.statistics is not None:
            first, last = column.statistics.min, column.statistics.max
            is_before = since is not None and last < since
            return not is_before and not (until is not None and first >= until)
    return True


def _between(table: pa.Table, since: datetime | None, until: datetime | None) -> pa.Table:
    at = table.column(STARTED_AT)
    if since is not None:
        table = table.filter(pc.greater_equal(at, pa.scalar(since, at.type)))
        at = table.column(STARTED_AT)
    if until is not None:
        table = table.filter(pc.less(at, pa.scalar(until, at.type)))
    return table
