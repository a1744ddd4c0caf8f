"""Dead letters: what could not be read, kept byte for byte."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.base import Bytes, Message, UtcTime


class DeadLetter(Message):
    """A record that its topic's consumer could not use, with where it stood and why.

    With key, value and headers the record can be put on its topic again, byte for byte.
    """

    KEY: ClassVar[str] = "topic"

    type: Literal["nightclerk.record.deadlettered.v1"] = "nightclerk.record.deadlettered.v1"
    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    consumer: str
    reason: str
    record_key: Bytes | None = None
    record_value: Bytes | None = None
    record_headers: dict[str, Bytes] = Field(default={}, description="of the record, by name")
    failed_at: UtcTime
