"""Mails that tell of a target that was switched off by itself: to owners, and to managers who may
switch it on again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import msgpack
from sqlalchemy import Connection, exists, or_, select

from schemas import ids
from schemas.mails import MailRequested
from schemas.targets import Language
from schemas.topics import MAILS
from services.api.access.tables import memberships, users
from services.api.targets.attempts import Row
from services.chassis.sealing import Sealing
from services.chassis.streaming.records import Outgoing

LASTS = timedelta(days=7)
WORDS: Mapping[Language, tuple[str, str]] = {
    "en": (
        "Messages to {name} are switched off",
        "Nightclerk sends no alerts to {name} ({address}) any more, since {at}.\n"
        "{reason}\n"
        "Once it is mended, switch it on again in Nightclerk. What it missed can be delivered "
        "then.",
    ),
    "ko": (
        "{name}(으)로 보내는 알림이 꺼졌습니다",
        "{name}({address})(으)로 보내는 알림을 {at}부터 중단했습니다.\n"
        "{reason}\n"
        "문제를 해결한 뒤 Nightclerk에서 다시 켜 주세요. 그동안 놓친 알림은 다시 보낼 수 있습니다.",
    ),
}


def notices_for(
    connection: Connection, target: Row, sealing: Sealing, now: datetime
) -> list[Outgoing]:
    """One mail to each of them; asked for again, it is the same. Raises SealingFault."""
    return [
        Outgoing(MAILS, _notice(person, target, sealing, now))
        for person in _readers(connection, target)
    ]


def _readers(connection: Connection, target: Row) -> list[Row]:
    """Whoever is bound to stores hears of targets of these alone."""
    of_store = exists().where(
        memberships.c.user_id == users.c.user_id, memberships.c.store_id == target["store_id"]
    )
    query = select(users).where(
        users.c.tenant_id == target["tenant_id"],
        users.c.is_active.is_(True),
        users.c.role.in_(("owner", "manager")),
        or_(users.c.sees_all_stores.is_(True), of_store),
    )
    return list(connection.execute(query.order_by(users.c.user_id)).mappings().all())


def _notice(person: Row, target: Row, sealing: Sealing, now: datetime) -> MailRequested:
    at = target["disabled_at"]
    subject, text = WORDS[person["language"]]
    said = {
        "name": target["name"],
        "address": target["shown"],
        "at": at.strftime("%Y-%m-%d %H:%M UTC"),
        "reason": target["disabled_reason"],
    }
    name = f"disabled/{target['target_id']}/{at.isoformat()}/{person['user_id']}"
    return MailRequested(
        mail_id=uuid5(ids.NAMESPACE, name),
        tenant_id=UUID(target["tenant_id"]),
        kind="notice",
        language=person["language"],
        sealed=sealing.seal_secret("mail", msgpack.packb({"to": person["email"]})),
        subject=subject.format(**said)[:200],
        text=text.format(**said)[:4000],
        requested_at=now,
        expires_at=now + LASTS,
    )
