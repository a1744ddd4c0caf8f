"""What a request says of a target, and what becomes of it.

A target is what `targets.v1` has of it: its TargetConfigured. Addresses are checked here when they
are saved, and once more by whoever connects.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from schemas.targets import AlertFilter, ChannelName, Language, Pacing, TargetConfigured
from services.api.tables import NAME_CHARS
from services.chassis.addresses.camera import AddressFault
from services.chassis.addresses.endpoints import EndpointPolicy, endpoint
from services.chassis.addresses.mailboxes import mailbox
from services.chassis.addresses.policy import Resolve, resolve
from services.chassis.hours import zone
from services.chassis.sealing import Sealing

PURPOSE = "target"
PREFIX = "whsec_"
SECRET_BYTES = 32
SIGNED: tuple[ChannelName, ...] = ("webhook",)
SCHEMES: dict[ChannelName, tuple[str, ...]] = {
    "webhook": ("https", "http"),
    "slack": ("https", "http"),
    "mqtt": ("mqtts", "mqtt"),
    "webpush": ("https", "http"),
}


def _printable(name: str) -> str:
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name:
        raise ValueError("a target needs a name")
    return name


def _in_zone(wants: AlertFilter) -> AlertFilter:
    if wants.time_zone is not None:
        zone(wants.time_zone)
    return wants


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS), AfterValidator(_printable)]
Address = Annotated[str, Field(min_length=1, max_length=2000)]
After = Annotated[float, Field(ge=0, le=86_400)]
Wants = Annotated[AlertFilter, AfterValidator(_in_zone)]


class PushKeys(BaseModel):
    """What the browser gave beside the endpoint: a point of P-256, and 16 bytes; base64url."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    p256dh: Annotated[str, Field(max_length=128)]
    auth: Annotated[str, Field(max_length=64)]

    @field_validator("p256dh")
    @classmethod
    def _is_point(cls, text: str) -> str:
        if len(_decoded(text)) != 65 or _decoded(text)[0] != 4:
            raise ValueError("it is no public key of P-256, uncompressed, as base64url")
        return text

    @field_validator("auth")
    @classmethod
    def _is_secret(cls, text: str) -> str:
        if len(_decoded(text)) != 16:
            raise ValueError("it is not 16 bytes as base64url")
        return text


class PushSubscription(BaseModel):
    """As `PushSubscription.toJSON()` of a browser gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: Address
    keys: PushKeys


class TargetEntry(BaseModel):
    """Somebody to notify. `address` is a mail address, a URL of a webhook or of Slack's kind, or
    `mqtts://user:password@host/topic`; a browser gives its `subscription` instead.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "name": "Night watch",
                    "address": "guard@store.example",
                    "language": "ko",
                    "wants": {
                        "severities": ["warning", "critical"],
                        "labels": ["Possible fight"],
                        "hours": {"saturday": [{"start": "22:00", "end": "06:00"}]},
                    },
                    "pacing": {"most_per_hour": 20},
                }
            ]
        },
    )

    channel: ChannelName
    name: Name
    address: Address = ""
    subscription: PushSubscription | None = Field(default=None, description="of webpush")
    store_id: UUID | None = Field(default=None, description="hears of this store alone")
    language: Language = "en"
    wants: Wants = AlertFilter()
    pacing: Pacing = Pacing()
    after_s: After = Field(default=0.0, description="a step of escalation: so long unacknowledged")
    is_enabled: bool = True


class TargetChange(BaseModel):
    """What is to change of a target; what is not named stays. The channel stays for good."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name | None = None
    address: Address | None = None
    subscription: PushSubscription | None = None
    language: Language | None = None
    wants: Wants | None = None
    pacing: Pacing | None = None
    after_s: After | None = None
    is_enabled: bool | None = None


@dataclass(frozen=True)
class Saving:
    """What addresses are checked and sealed with."""

    policy: EndpointPolicy
    sealing: Sealing
    resolve: Resolve = resolve


@dataclass(frozen=True)
class Owner:
    """To whom a target belongs."""

    tenant_id: UUID
    store_id: UUID | None


def configured(
    entry: TargetEntry, owner: Owner, now: datetime, saving: Saving
) -> tuple[TargetConfigured, str | None]:
    """The target that is asked for, and its signing secret where its channel signs: it is shown
    this once. Raises AddressFault, SealingFault.
    """
    address, shown = _address(entry.channel, entry.address, entry.subscription, saving)
    secret = new_secret() if entry.channel in SIGNED else None
    target = TargetConfigured(
        target_id=uuid4(),
        tenant_id=owner.tenant_id,
        channel=entry.channel,
        name=entry.name,
        shown=shown,
        address=saving.sealing.seal_secret(PURPOSE, address.encode()),
        secrets=sealed_secrets(saving.sealing, [secret]) if secret else None,
        language=entry.language,
        wants=wants_of(entry.wants, owner.store_id),
        pacing=entry.pacing,
        after_s=entry.after_s,
        is_enabled=entry.is_enabled,
        configured_at=now,
    )
    return target, secret


def new_address(
    channel: ChannelName, change: TargetChange, saving: Saving
) -> tuple[bytes, str] | None:
    """Where it is to go, sealed, and what people see of it; None where that stays. Raises
    AddressFault, SealingFault.
    """
    if not change.address and not change.subscription:
        return None
    address, shown = _address(channel, change.address or "", change.subscription, saving)
    return saving.sealing.seal_secret(PURPOSE, address.encode()), shown


def changed(
    target: TargetConfigured,
    change: TargetChange,
    owner: Owner,
    now: datetime,
    address: tuple[bytes, str] | None,
) -> TargetConfigured:
    """The target as it shall be: same id, same secrets."""
    plain = ("name", "language", "pacing", "after_s", "is_enabled")
    fields: dict[str, Any] = {
        name: getattr(change, name) for name in plain if getattr(change, name) is not None
    }
    if change.wants is not None:
        fields["wants"] = wants_of(change.wants, owner.store_id)
    if address is not None:
        fields |= dict(zip(("address", "shown"), address, strict=True))
    return target.model_copy(update=fields | {"configured_at": later(target, now)})


def rotated(
    target: TargetConfigured, now: datetime, sealing: Sealing
) -> tuple[TargetConfigured, str]:
    """With a new secret first, the former second: both sign until the former is dropped. Raises
    SealingFault.
    """
    secret = new_secret()
    both = [secret, *opened_secrets(sealing, target.secrets)[:1]]
    update = {"secrets": sealed_secrets(sealing, both), "configured_at": later(target, now)}
    return target.model_copy(update=update), secret


def without_former(target: TargetConfigured, now: datetime, sealing: Sealing) -> TargetConfigured:
    """With its current secret alone. Raises SealingFault."""
    current = opened_secrets(sealing, target.secrets)[:1]
    update = {"secrets": sealed_secrets(sealing, current), "configured_at": later(target, now)}
    return target.model_copy(update=update)


def later(target: TargetConfigured, now: datetime) -> datetime:
    """A moment of change that no earlier change has."""
    return max(now, target.configured_at + timedelta(microseconds=1))


def wants_of(wants: AlertFilter, store_id: UUID | None) -> AlertFilter:
    """Of a target of a store: nothing of other stores."""
    return wants if store_id is None else wants.model_copy(update={"store_ids": (store_id,)})


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealed_secrets(sealing: Sealing, listed: list[str]) -> bytes:
    """Raises SealingFault."""
    return sealing.seal_secret(PURPOSE, json.dumps(listed).encode())


def opened_secrets(sealing: Sealing, sealed: bytes | None) -> list[str]:
    """The current one first. Raises SealingFault."""
    return [] if sealed is None else list(json.loads(sealing.open_secret(PURPOSE, sealed)))


def _address(
    channel: ChannelName, text: str, subscription: PushSubscription | None, saving: Saving
) -> tuple[str, str]:
    """What is kept sealed, and what people see of it. Raises AddressFault."""
    if channel == "webpush":
        if subscription is None:
            raise AddressFault("Web push takes the browser's subscription.")
        shown = _checked(channel, subscription.endpoint, saving)
        return subscription.model_dump_json(), shown
    if not text or subscription is not None:
        raise AddressFault(f"A target of channel {channel} takes an address.")
    if channel == "email":
        return _mail(text)
    shown = _checked(channel, text, saving)
    if channel == "mqtt":
        parts = urlsplit(text)
        topic = parts.path.strip("/")
        if not topic or parts.query or set("+#") & set(text.partition("@")[2] or text):
            raise AddressFault("An MQTT address ends with a topic without wildcards.")
        shown = f"{shown}/{topic}"
    return text, shown[:512]


def _mail(text: str) -> tuple[str, str]:
    try:
        found = mailbox("address", text)
    except ValueError:
        raise AddressFault("That is no mail address.") from None
    return found.address, found.address


def _checked(channel: ChannelName, url: str, saving: Saving) -> str:
    """Scheme and host, of a URL that may be connected to now. Raises AddressFault."""
    found = endpoint(url, SCHEMES[channel])
    saving.policy.check(found.host, saving.resolve)
    host = f"[{found.host}]" if ":" in found.host else found.host
    return f"{found.scheme}://{host}"


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ValueError("it is not base64url") from None
