"""Ways to reach people. A channel makes one attempt and tells how it went; it never raises."""

from collections.abc import Callable
from typing import Protocol

from schemas.targets import ChannelName
from services.alerts.core.deliveries import Receipt
from services.alerts.core.notice import Notice
from services.chassis.deadline import Deadline


class Channel(Protocol):
    @property
    def name(self) -> ChannelName: ...

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        """One attempt. Every connection is guarded by the deadline, which wakes it when the time
        is over. Being sent twice, a notice is recognisably the same.
        """


class SwitchedOff:
    """A channel that the operator did not set up: what is sent by it fails with a sentence."""

    def __init__(self, name: ChannelName, reason: str) -> None:
        self.name: ChannelName = name
        self._reason = reason

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        return Receipt(delivered=False, detail=self._reason)


class MemoryChannel:
    """The fake: keeps what was sent. `receipts` are the next answers, after them success; `before`
    is called first and may block.
    """

    def __init__(
        self, name: ChannelName = "email", before: Callable[[Notice], None] = lambda _: None
    ) -> None:
        self.name: ChannelName = name
        self.sent: list[Notice] = []
        self.receipts: list[Receipt] = []
        self._before = before

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        self._before(notice)
        self.sent.append(notice)
        return self.receipts.pop(0) if self.receipts else Receipt(delivered=True, detail="kept")
