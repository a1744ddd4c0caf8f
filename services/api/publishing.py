"""What the API puts on topics: acknowledged before it counts."""

import threading

from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing


class Publishing:
    """Safe between threads: one at a time, since `flush` speaks for all that is under way."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._turn = threading.Lock()

    def publish(self, *outgoing: Outgoing) -> None:
        """Returns once Kafka has them all, in this order. Raises TransientError."""
        with self._turn:
            for item in outgoing:
                self._publisher.publish(item)
            self._publisher.flush()
