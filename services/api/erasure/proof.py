"""The proof of an erasure: what went, who wanted it and why, and what goes when. Pure.

It is signed with the key that signs evidence (chassis/signing), over its very bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import topics
from services.chassis.signing import is_signed, public_text, signature

FORMAT = "nightclerk-erasure/1"
ON_TOPICS = (
    topics.CLIPS_LIVE,
    topics.CLIPS_BULK,
    topics.EMBEDDINGS,
    topics.POSES,
    topics.JUDGEMENTS,
    topics.SCORES,
    topics.ALERTS,
    topics.RECORDINGS,
    topics.DELIVERIES,
    topics.REVIEWS,
)
"""What these have of the stretch is shown by nobody, and goes by the retention of the topic."""


class ForgedProof(Exception):
    """A proof is not as it was signed. The text is one sentence."""


@dataclass(frozen=True)
class ErasedObject:
    """`sha256` and `size_bytes` are None where the object was gone before it could be read. Of a
    part of the archive `rows` were of the stretch; the others stay, in another object.
    """

    object_key: str
    sha256: str | None
    size_bytes: int | None
    rows: int | None = None


def written(
    erasure: Mapping[Any, Any],
    objects: Sequence[ErasedObject],
    now: datetime,
    key: Ed25519PrivateKey,
) -> tuple[bytes, str]:
    """The proof of a row of `erasures`, and its signature."""
    whole = {
        "format": FORMAT,
        "erasure_id": erasure["erasure_id"],
        "tenant_id": erasure["tenant_id"],
        "source_id": erasure["source_id"],
        "source_name": erasure["source_name"],
        "since": erasure["since_at"].isoformat(),
        "until": erasure["until_at"].isoformat(),
        "reason": erasure["reason"],
        "asked_by": erasure["asked_by"],
        "asked_at": erasure["asked_at"].isoformat(),
        "completed_at": now.isoformat(),
        "objects": [vars(each) for each in objects],
        "rows": erasure["row_counts"],
        "alerts": erasure["alert_ids"],
        "remaining": remaining(erasure["asked_at"]),
        "public_key": public_text(key.public_key()),
    }
    content = json.dumps(whole, indent=2, ensure_ascii=False).encode() + b"\n"
    return content, signature(content, key)


def remaining(asked_at: datetime) -> list[dict[str, str | None]]:
    """Where something of the stretch still lies, and by when it is gone."""
    found: list[dict[str, str | None]] = [
        {
            "place": topic.name,
            "gone_by": (asked_at + timedelta(milliseconds=topic.retention_ms)).isoformat(),
        }
        for topic in ON_TOPICS
    ]
    ring = "ring of the worker that recorded it: NIGHTCLERK_RECORDING_KEEP_H"
    ledger = "text of messages in the ledger of alerts: NIGHTCLERK_ALERT_KEEP_D"
    return [*found, *({"place": place, "gone_by": None} for place in (ring, ledger))]


def checked(content: bytes, signature: str, public_key: str | None = None) -> dict[str, Any]:
    """What a proof says, if its signature is good, and of that key where one is given. Raises
    ForgedProof.
    """
    try:
        whole: dict[str, Any] = json.loads(content)
        named = str(whole["public_key"])
    except (ValueError, KeyError, TypeError):
        raise ForgedProof("That is no proof of an erasure.") from None
    if not is_signed(content, signature, named):
        raise ForgedProof("The proof was changed after it was signed.")
    if public_key is not None and public_key.strip() != named:
        raise ForgedProof("The proof is signed by another key than the one that you named.")
    return whole
