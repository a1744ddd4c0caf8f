"""Ways to reach people. A channel makes one attempt and says how it went; it never raises."""

from typing import Protocol

from services.alerts.core.deliveries import ChannelName, Receipt
from services.alerts.core.notice import Notice


class Channel(Protocol):
    @property
    def name(self) -> ChannelName: ...

    def send(self, notice: Notice) -> Receipt:
        """One attempt, in bounded time. Being sent twice, a notice is recognisably the same."""


class MemoryChannel:
    """The fake: keeps what was sent. `receipts` are the next answers, after them success."""

    def __init__(self, name: ChannelName = "email") -> None:
        self.name: ChannelName = name
        self.sent: list[Notice] = []
        self.receipts: list[Receipt] = []

    def send(self, notice: Notice) -> Receipt:
        self.sent.append(notice)
        return self.receipts.pop(0) if self.receipts else Receipt(delivered=True, detail="kept")
