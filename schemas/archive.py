"""Where the archive lies in the object store: Parquet parts of embeddings and poses, by tenant,
store, UTC day and backbone, each of one source. Whoever writes, reads or deletes parts goes by
their keys (docs/reference/archive.md).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, get_args
from urllib.parse import quote, unquote
from uuid import UUID

ArchiveKind = Literal["embeddings", "poses"]
KINDS: tuple[ArchiveKind, ...] = get_args(ArchiveKind)
PREFIX = "archive/"
CONTENT_TYPE = "application/vnd.apache.parquet"
STARTED_AT, ENDED_AT = "started_at", "ended_at"
"""Columns of every part: when the first clip of a row began, when its last one ended."""

_KEY = re.compile(
    r"archive/(?P<kind>embeddings|poses)/tenant=(?P<tenant>[0-9a-f-]{36})"
    r"/store=(?P<store>[0-9a-f-]{36})/day=(?P<day>\d{4}-\d\d-\d\d)/backbone=(?P<backbone>[^/]+)"
    r"/(?P<source>[0-9a-f-]{36})\.(?P<partition>\d+)-(?P<first>\d+)-(?P<end>\d+)-(?P<rows>\d+)"
    r"-(?P<mark>[0-9a-f]{8})\.parquet"
)


@dataclass(frozen=True)
class PartOf:
    """What all rows of a part have in common."""

    kind: ArchiveKind
    tenant_id: UUID
    store_id: UUID
    day: date
    """Of the moments at which the rows' first clips began, in UTC."""
    backbone: str
    source_id: UUID

    @property
    def folder(self) -> str:
        """Keys of parts begin so; `name=value`, as Hive has it."""
        scope = store_prefix(self.kind, self.tenant_id, self.store_id)
        return f"{scope}day={self.day.isoformat()}/backbone={quote(self.backbone, safe='')}/"


@dataclass(frozen=True)
class Part:
    """One object. Its records lay on one partition of the log, from offset `first` up to and
    without `end`; `mark` tells those of a topic that was made anew from those before.
    The key follows from the content: the same rows are the same object.
    """

    of: PartOf
    partition: int
    first: int
    end: int
    rows: int
    mark: str

    @property
    def key(self) -> str:
        place = f"{self.partition}-{self.first}-{self.end}-{self.rows}-{self.mark}"
        return f"{self.of.folder}{self.of.source_id}.{place}.parquet"

    @classmethod
    def read(cls, key: str) -> "Part | None":
        """The part of a key; None for an object that is none."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        try:
            whose = PartOf(
                "poses" if found["kind"] == "poses" else "embeddings",
                UUID(found["tenant"]),
                UUID(found["store"]),
                date.fromisoformat(found["day"]),
                unquote(found["backbone"]),
                UUID(found["source"]),
            )
        except ValueError:
            return None
        partition, first, end, rows = (
            int(found[name]) for name in ("partition", "first", "end", "rows")
        )
        return cls(whose, partition, first, end, rows, found["mark"])


def tenant_prefix(kind: ArchiveKind, tenant_id: UUID) -> str:
    return f"{PREFIX}{kind}/tenant={tenant_id}/"


def store_prefix(kind: ArchiveKind, tenant_id: UUID, store_id: UUID) -> str:
    return f"{tenant_prefix(kind, tenant_id)}store={store_id}/"


def parts_among(keys: Iterable[str]) -> list[Part]:
    return [part for key in keys if (part := Part.read(key)) is not None]


def utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
