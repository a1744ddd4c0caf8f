"""An archive of what was seen, as small parts or as one a day."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from uuid import UUID

from schemas.archive import Part, PartOf, parts_among
from schemas.codec import encode
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import PosesExtracted
from services.chassis.storage.objects import ObjectStore
from services.scoring.archive import parts
from services.scoring.archive.columns import clips_of, id_of, table_of
from services.scoring.archive.core import Waiting, part

Seen = EmbeddingExtracted | PosesExtracted


def put_archive(
    store: ObjectStore, tenant_id: UUID, messages: Sequence[Seen], most: int = 8
) -> list[Part]:
    """Parts of so many rows. The messages lay on one partition in their order."""
    numbered = sorted(enumerate(messages), key=lambda each: _group(each[1]))
    found = list[Part]()
    for of, alike in groupby(numbered, key=lambda each: _group(each[1])):
        rows = list(alike)
        kind = "poses" if isinstance(rows[0][1], PosesExtracted) else "embeddings"
        whose = PartOf(kind, tenant_id, UUID(int=1), of[1], rows[0][1].backbone, UUID(of[0]))
        for start in range(0, len(rows), most):
            some = rows[start : start + most]
            waiting = [Waiting(offset, encode(one), id_of(one)) for offset, one in some]
            table = table_of(kind, [one for _, one in some], [(0, offset) for offset, _ in some])
            found.append(part(whose, 0, waiting))
            parts.put(store, found[-1], table)
    return found


def merge(store: ObjectStore, tenant_id: UUID, messages: Sequence[Seen]) -> None:
    """The same rows in one part a source and day, as the archive's duty leaves them."""
    before = parts_among(info.key for info in store.list("archive/"))
    merged = {one.key for one in put_archive(store, tenant_id, messages, len(messages))}
    for one in before:
        if one.key not in merged:
            store.delete(one.key)


def _group(message: Seen) -> tuple[str, date]:
    day = message.moment(clips_of(message)[0].start_s).date()
    return str(message.source_id), day
