"""The stack's key for Web Push (VAPID, RFC 8292): made once, kept sealed, the same for everybody.

Browsers bind their subscriptions to it, so it outlives every rotation of the secret key; it lies in
a table, since the services that show it and that sign with it may run on different machines.
"""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Column, Engine, MetaData, Table, select

from services.chassis.sealing import Sealing
from services.chassis.storage.columns import INNODB, blob, exact_name
from services.chassis.storage.database import transaction, upsert

PURPOSE = "webpush"
NAME = "vapid"
webpush_keys = Table(
    "webpush_keys",
    MetaData(),
    Column("name", exact_name(16), primary_key=True),
    Column("sealed", blob(), nullable=False),
    **INNODB,
)


def vapid_key(engine: Engine, sealing: Sealing) -> ec.EllipticCurvePrivateKey:
    """The key, made by whoever asks first. Raises SealingFault, TransientError."""
    kept = select(webpush_keys.c.sealed).where(webpush_keys.c.name == NAME)
    with transaction(engine) as connection:
        sealed = connection.scalar(kept)
        if sealed is None:
            number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
            row = {"name": NAME, "sealed": sealing.seal_secret(PURPOSE, number.to_bytes(32))}
            upsert(connection, webpush_keys, [row], update=[])
            sealed = connection.scalar(kept)
    assert sealed is not None
    number = int.from_bytes(sealing.open_secret(PURPOSE, sealed))
    return ec.derive_private_key(number, ec.SECP256R1())


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """As browsers take it: the uncompressed point in base64url without padding."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
