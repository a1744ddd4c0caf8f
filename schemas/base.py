"""What all messages share: frozen, tolerant of unknown keys, typed by a constant `type`."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment has no UTC date between years 1 and 9999") from None


class _MsgpackBin:
    """JSON Schema cannot say msgpack `bin`; the generated schema says it in words."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"description": "msgpack bin (raw bytes)"}


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_as_utc),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
]
Id = Annotated[UUID, PlainSerializer(str, return_type=str)]
Bytes = Annotated[bytes, _MsgpackBin()]
Unit = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, description="seconds of media time from the source's start")]


class Message(BaseModel):
    """A fact that happened. Equal content means equal message; every sink is an upsert by id."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    type: str

    KEY: ClassVar[str]
    """Name of the field that is the Kafka key: order is kept among equal keys."""

    @property
    def key(self) -> str:
        return str(getattr(self, self.KEY))

    @classmethod
    @cache
    def type_name(cls) -> str:
        """The CloudEvents type: reverse-DNS-free, past tense, major version last."""
        return str(cls.model_fields["type"].default)

    def wire(self) -> dict[str, Any]:
        """Plain types only (str, int, float, bool, bytes, list, dict), absent options left out."""
        return self.model_dump(exclude_none=True)
