"""Pushes: pictures that a browser sends of its own webcam, relayed to whoever cuts the source."""

from typing import ClassVar, Literal

from schemas.base import Bytes, Id, Message, UtcTime


class FramePushed(Message):
    """One picture of a source whose address is `push://`, as it came in."""

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.frame.pushed.v1"] = "nightclerk.frame.pushed.v1"
    source_id: Id
    jpeg: Bytes
    pushed_at: UtcTime
