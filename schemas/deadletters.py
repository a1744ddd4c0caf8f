"""Dead letters: what could not be read, kept byte for byte."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.base import Bytes, Message, UtcTime


class DeadLetter(Message):
    """A record that its topic's consumer could not use, with where it stood and why."""

    KEY: ClassVar[str] = "topic"

    type: Literal["nightclerk.record.deadlettered.v1"] = "nightclerk.record.deadlettered.v1"
    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    consumer: str
    reason: str
    record_key: Bytes | None = None
    record_value: Bytes | None = None
    failed_at: UtcTime
