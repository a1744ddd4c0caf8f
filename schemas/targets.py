"""Targets: who is notified of alerts, by which channel, of which alerts, and when."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.alerts import AlertKind, Severity
from schemas.base import Bytes, Id, Message, UtcTime
from schemas.hours import WeeklyHours

ChannelName = Literal["email", "webhook", "slack", "mqtt", "webpush"]
Language = Literal["en", "ko"]


class AlertFilter(BaseModel):
    """Which alerts a target hears of. Empty sets mean all."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    store_ids: tuple[Id, ...] = ()
    source_ids: tuple[Id, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    severities: tuple[Severity, ...] = ()
    labels: tuple[str, ...] = ()
    hours: WeeklyHours | None = None
    """By the clock of `time_zone`; None: at all hours."""
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    """IANA name; None: that of the store where it happens."""


class Pacing(BaseModel):
    """How a target is kept from floods: beyond `most_per_hour` single messages, or always with
    `digest_every_s`, alerts are gathered into one message.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    most_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 60
    digest_every_s: Annotated[float, Field(ge=60, le=86_400)] | None = None


class TargetConfigured(Message):
    """Somebody to notify. A tombstone says that the target was removed.

    `address` and `secrets` are sealed with the stack's secret key: mail address, URL, MQTT topic or
    push subscription; signing secrets (`whsec_…`), the current one first, up to two. `shown` is
    what people see of the address. A target with `after_s` is a step of escalation: it hears only
    of alerts that nobody has acknowledged so long after they opened.
    """

    KEY: ClassVar[str] = "target_id"

    type: Literal["nightclerk.target.configured.v1"] = "nightclerk.target.configured.v1"
    target_id: Id
    tenant_id: Id
    channel: ChannelName
    name: str = Field(max_length=255)
    shown: str = Field(max_length=512)
    address: Bytes
    secrets: Bytes | None = None
    language: Language = "en"
    wants: AlertFilter = AlertFilter()
    pacing: Pacing = Pacing()
    after_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    is_enabled: bool = True
    configured_at: UtcTime
