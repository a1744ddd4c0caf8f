"""Outputs of a change of states, acknowledged before the states may be written."""

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from services.chassis.backoff import pause_after
from services.chassis.clock import Clock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Partition
from services.chassis.streaming.stepping import Change
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import logs, metrics

log = logs.get("outputs")
S = TypeVar("S")
Refused = dict[tuple[Partition, int], str]


def publish_patiently(
    publisher: Publisher,
    compute: Callable[[Mapping[tuple[Partition, int], str]], Change[S]],
    limits: Limits,
    clock: Clock,
) -> Change[S]:
    """The change whose outputs were acknowledged. `compute` is given the records whose outputs
    turned out to be larger than their topics take, and leaves them out. Raises TransientError once
    patience ends; a tick's output that is too large is a bug.
    """
    refused: Refused = {}
    change = compute(refused)
    for attempt in range(limits.max_retries + 1):
        try:
            while not _publish(publisher, change, refused):
                change = compute(refused)
            publisher.flush()
            return change
        except TransientError as error:
            if attempt == limits.max_retries:
                raise
            metrics.count("retries", "stateful")
            log.warning("trying again", attempt=attempt + 1, error=str(error))
        delay = pause_after(attempt + 1, limits.backoff_s, limits.max_backoff_s)
        clock.wait(delay, threading.Event())
    raise AssertionError("the last attempt returns or raises")


def _publish(publisher: Publisher, change: Change[S], refused: Refused) -> bool:
    """Whether all could be handed over: together, and where one is too large, as far as that."""
    try:
        publisher.publish(*(outgoing for _, outgoing in change.outputs))
    except InvalidMessage:
        return _publish_one_by_one(publisher, change, refused)
    return True


def _publish_one_by_one(publisher: Publisher, change: Change[S], refused: Refused) -> bool:
    for record, outgoing in change.outputs:
        try:
            publisher.publish(outgoing)
        except InvalidMessage as error:
            if record is None:
                raise
            refused[(record.partition, record.offset)] = str(error)
            return False
    return True
