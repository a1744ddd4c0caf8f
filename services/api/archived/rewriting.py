"""A part of the archive without the rows of a stretch. Imported when somebody erases, since pyarrow
takes 60 MB.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from schemas.archive import CONTENT_TYPE, ENDED_AT, STARTED_AT, Part
from services.api.scores.reading import Span
from services.chassis.storage.objects import ObjectStore, open_object

ROW_IDS = "embedding_id", "poses_id"


def rows_in(store: ObjectStore, part: Part, span: Span) -> int:
    """How many rows of the part touch the span; only their times are read. Raises ObjectMissing."""
    with _opened(store, part) as file:
        times = file.read(columns=[STARTED_AT, ENDED_AT])
    return int(pc.sum(_touching(times, span)).as_py() or 0)


def keep_the_rest(store: ObjectStore, part: Part, span: Span) -> Part | None:
    """Write what of the part does not touch the span as a part of its own, which is returned; None
    where nothing is left. The part itself stays. Done again it is the same object. Raises
    ObjectMissing.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rest.parquet"
        rows, first_id = _write_rest(store, part, span, path)
        if not rows:
            return None
        rest = replace(part, rows=rows, mark=UUID(first_id).hex[:8])
        store.put_file(rest.key, path, CONTENT_TYPE)
        return rest


def _write_rest(store: ObjectStore, part: Part, span: Span, path: Path) -> tuple[int, str]:
    """How many rows are left, and the id of the first. A row group at a time."""
    rows, first_id = 0, ""
    with _opened(store, part) as file:
        is_vectors = "vector" in file.schema_arrow.names
        with parquet.ParquetWriter(
            path,
            file.schema_arrow,
            compression="zstd",
            use_dictionary=["source_id", "source_kind"],
            use_byte_stream_split=["vector.list.element"] if is_vectors else False,
        ) as writer:
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                left = table.filter(pc.invert(_touching(table, span)))
                if left.num_rows:
                    name = next(name for name in ROW_IDS if name in left.schema.names)
                    first_id = first_id or left.column(name)[0].as_py()
                    rows += left.num_rows
                    writer.write_table(left)
    return rows, first_id


def _touching(table: pa.Table, span: Span) -> pa.ChunkedArray:
    began, ended = table.column(STARTED_AT), table.column(ENDED_AT)
    is_before = pc.less(began, pa.scalar(span.until, began.type))
    return pc.and_(is_before, pc.greater(ended, pa.scalar(span.since, ended.type)))


@contextmanager
def _opened(store: ObjectStore, part: Part) -> Iterator[parquet.ParquetFile]:
    with open_object(store, part.key) as raw, parquet.ParquetFile(raw) as file:
        yield file
