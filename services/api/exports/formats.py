"""Batches of columns become CSV or Parquet, piece by piece: memory is some batches.

Imported when somebody exports, since pyarrow takes 60 MB.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from services.api.exports.columns import ExportColumn

Format = Literal["csv", "parquet"]
Batch = Mapping[str, Sequence[Any]]
"""Values by the name of the column, all of one length."""

ROWS_A_GROUP = 65_536
TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "bool": pa.bool_(),
}
MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class Pipe:
    """A file that is only written to; what was written is taken away piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def encoded(
    columns: Sequence[ExportColumn], batches: Iterable[Batch], wanted: Format
) -> Iterator[bytes]:
    """The bytes of the file in order. Without any row it is a file that has the columns."""
    schema = pa.schema([(column.name, TYPES[column.kind]) for column in columns])
    tables = (pa.table({name: batch[name] for name in schema.names}, schema) for batch in batches)
    return _csv(schema, tables) if wanted == "csv" else _parquet(schema, tables)


def _csv(schema: Any, tables: Iterable[Any]) -> Iterator[bytes]:
    pipe = Pipe()
    texts = pa.schema([(field.name, _csv_type(field)) for field in schema])
    with csv.CSVWriter(pipe, texts) as writer:
        yield pipe.taken()
        for table in tables:
            columns = [_for_csv(column) for column in table.columns]
            writer.write_table(pa.table(columns, schema=texts))
            yield pipe.taken()
    yield pipe.taken()


def _csv_type(field: Any) -> Any:
    return pa.string() if pa.types.is_timestamp(field.type) else field.type


def _for_csv(column: Any) -> Any:
    """Moments as the whole API gives them."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    return column


def _parquet(schema: Any, tables: Iterable[Any]) -> Iterator[bytes]:
    pipe = Pipe()
    with parquet.ParquetWriter(pipe, schema, compression="zstd") as writer:
        for group in _groups(tables):
            writer.write_table(group, row_group_size=ROWS_A_GROUP)
            yield pipe.taken()
    yield pipe.taken()


def _groups(tables: Iterable[Any]) -> Iterator[Any]:
    """Tables put together, so that row groups are not as small as a source's day."""
    waiting: list[Any] = []
    for table in tables:
        waiting.append(table)
        if sum(len(one) for one in waiting) >= ROWS_A_GROUP:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
