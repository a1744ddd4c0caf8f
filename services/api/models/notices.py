"""Mails that tell of a detector that was rolled back by itself: to owners who see the store."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgpack
from sqlalchemy import Connection, exists, or_, select

from schemas import ids
from schemas.mails import MailRequested
from schemas.targets import Language
from schemas.topics import MAILS
from services.api.access.tables import memberships, stores, users
from services.api.models.tables import models
from services.chassis.sealing import Sealing
from services.chassis.streaming.records import Outgoing

Row = Mapping[Any, Any]
LASTS = timedelta(days=7)
WORDS: Mapping[Language, tuple[str, str]] = {
    "en": (
        "{name} was rolled back",
        "Nightclerk has taken the detector {name} out of use {where}, at {at}.\n"
        "{reason}\n"
        "In its place judges what did before: {after}. Look at its alarms in Nightclerk before you "
        "promote it again.",
    ),
    "ko": (
        "{name} 탐지기가 이전 버전으로 되돌려졌습니다",
        "Nightclerk가 {at}에 {where} 탐지기 {name}의 사용을 중단했습니다.\n"
        "{reason}\n"
        "이전 탐지기({after})가 다시 판정합니다. "
        "다시 적용하기 전에 Nightclerk에서 알림을 확인해 주세요.",
    ),
}
EVERYWHERE: Mapping[Language, str] = {"en": "in all stores", "ko": "모든 매장에서"}
IN_STORE: Mapping[Language, str] = {"en": "in {store}", "ko": "{store} 매장에서"}
INHERITED: Mapping[Language, str] = {
    "en": "the tenant's, or the one that is built in",
    "ko": "상위 설정 또는 기본 탐지기",
}


def notices_for(
    connection: Connection, entry: Row, sealing: Sealing, now: datetime
) -> list[Outgoing]:
    """One mail to each of them; asked for again, it is the same. Raises SealingFault."""
    named = (
        _named(connection, entry, "detector_before"),
        _named(connection, entry, "detector_after"),
    )
    of_store = select(stores.c.name).where(stores.c.store_id == entry["store_id"])
    store = connection.scalar(of_store) if entry["store_id"] else None
    return [
        Outgoing(MAILS, _notice(person, entry, named, store, sealing, now))
        for person in _readers(connection, entry)
    ]


def _readers(connection: Connection, entry: Row) -> list[Row]:
    """Whoever is bound to stores hears of these alone."""
    of_store = exists().where(
        memberships.c.user_id == users.c.user_id, memberships.c.store_id == entry["store_id"]
    )
    query = select(users).where(
        users.c.tenant_id == entry["tenant_id"],
        users.c.is_active.is_(True),
        users.c.role.in_(("owner", "manager")),
        or_(users.c.sees_all_stores.is_(True), of_store),
    )
    return list(connection.execute(query.order_by(users.c.user_id)).mappings().all())


def _named(connection: Connection, entry: Row, column: str) -> str | None:
    """As people know it: by name and version."""
    mine = models.c.tenant_id == entry["tenant_id"], models.c.detector == entry[column]
    query = select(models.c.name, models.c.version).where(*mine)
    row = connection.execute(query).first() if entry[column] else None
    return f"{row.name} {row.version}" if row else entry[column]


def _notice(
    person: Row,
    entry: Row,
    named: tuple[str | None, str | None],
    store: str | None,
    sealing: Sealing,
    now: datetime,
) -> MailRequested:
    language: Language = person["language"]
    subject, text = WORDS[language]
    said = {
        "name": named[0],
        "after": named[1] or INHERITED[language],
        "where": IN_STORE[language].format(store=store) if store else EVERYWHERE[language],
        "at": entry["happened_at"].strftime("%Y-%m-%d %H:%M UTC"),
        "reason": entry["reason"],
    }
    name = f"rolled-back/{entry['entry_id']}/{person['user_id']}"
    return MailRequested(
        mail_id=uuid5(ids.NAMESPACE, name),
        tenant_id=UUID(entry["tenant_id"]),
        kind="notice",
        language=language,
        sealed=sealing.seal_secret("mail", msgpack.packb({"to": person["email"]})),
        subject=subject.format(**said)[:200],
        text=text.format(**said)[:4000],
        requested_at=now,
        expires_at=now + LASTS,
    )
