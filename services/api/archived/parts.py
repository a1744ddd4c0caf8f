"""Parts of the archive that belong to sources: found by their keys, deleted as wholes.

What is in a part is looked at in `rewriting`, which is imported when somebody erases.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from schemas.archive import KINDS, Part, store_prefix, tenant_prefix
from schemas.ids import DEFAULT_TENANT
from services.api.scores.reading import Span
from services.chassis.storage.objects import ObjectStore

DAY = timedelta(days=1)


def parts_of(
    store: ObjectStore, tenant_id: str | None, source_ids: Collection[str]
) -> Iterator[Part]:
    """All of those sources, in whatever store of the tenant they lie: cameras are moved. Raises
    TransientError.
    """
    tenant, wanted = _tenant(tenant_id), {UUID(name) for name in source_ids}
    for kind in KINDS:
        for info in store.list(tenant_prefix(kind, tenant)):
            part = Part.read(info.key)
            if part is not None and part.of.source_id in wanted:
                yield part


def delete_parts(store: ObjectStore, place: tuple[str | None, str | None], source_id: str) -> None:
    """Of a source, in the store (of a tenant) to which it belongs now."""
    tenant_id, store_id = place
    for kind in KINDS if store_id is not None else ():
        prefix = store_prefix(kind, _tenant(tenant_id), UUID(store_id))
        for info in store.list(prefix):
            part = Part.read(info.key)
            if part is not None and str(part.of.source_id) == source_id:
                store.delete(info.key)


def may_touch(part: Part, span: Span) -> bool:
    """Whether rows of the part may lie in the span: a row that began before midnight may end after
    it.
    """
    begin, end = bounds(part)
    return begin < span.until and end + DAY > span.since


def bounds(part: Part) -> tuple[datetime, datetime]:
    """Between which moments its rows began."""
    begin = datetime.combine(part.of.day, time(), UTC)
    return begin, begin + DAY


def _tenant(tenant_id: str | None) -> UUID:
    return UUID(tenant_id) if tenant_id else DEFAULT_TENANT
