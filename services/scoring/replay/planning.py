"""Before a replay begins: which records it reads, under which policies, how long it takes."""

from collections.abc import Iterable, Iterator
from itertools import dropwhile
from typing import NamedTuple
from uuid import UUID

from schemas.base import Message
from schemas.policies import PolicySet
from schemas.replays import ReplayRequested
from schemas.scores import ClipsScored
from schemas.topics import ALERTS, POLICIES, SCORES
from services.chassis.clock import Clock, SystemClock
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.publisher import payload
from services.chassis.streaming.records import Outgoing
from services.scoring.judging.detector import Detector
from services.scoring.replay.checkpoint import Plan, digest_of
from services.scoring.replay.core import Output, Replay, Stretch
from services.scoring.replay.inputs import Batch, Input
from services.scoring.replay.log import all_of

SAMPLE_S = 1.0
"""So long it is read and judged at each place of a sample."""


class Cost(NamedTuple):
    """What it took to read and judge some records."""

    records: int = 0
    windows: int = 0
    seconds: float = 0.0

    def plus(self, other: "Cost") -> "Cost":
        return Cost(
            self.records + other.records,
            self.windows + other.windows,
            self.seconds + other.seconds,
        )


def plan(
    request: ReplayRequested,
    detector: Detector,
    broker: Broker,
    read_from: Input,
    clock: Clock = SystemClock(),
) -> Plan:
    """Reads a little of the stretch and judges it, without putting anything out. Raises
    TransientError where a server is away.
    """
    wanted = frozenset(request.sources)
    policies = _policies(all_of(broker, POLICIES), wanted)
    replay = Replay(detector, stretch_of(request), policies.get)
    span = read_from.span(replay)
    cost = Cost()
    for sample in read_from.samples(span, replay):
        cost = cost.plus(_cost(sample, Replay(detector, stretch_of(request), policies.get), clock))
    share = read_from.size(span, replay) / cost.records if cost.records else 0.0
    windows, seconds = round(cost.windows * share), cost.seconds * share
    return Plan(digest_of(request), span, policies, windows, seconds)


def stretch_of(request: ReplayRequested) -> Stretch:
    return Stretch(request.run, request.since, request.until, frozenset(request.sources))


def outgoing(output: Output) -> Outgoing:
    return Outgoing(SCORES if isinstance(output, ClipsScored) else ALERTS, output)


def _cost(sample: Iterator[Batch], replay: Replay, clock: Clock) -> Cost:
    """Of the batches after the first that brings any records. Until it came the connection was made
    and the consumer filled, and its sources are new: that is so once. Of that one where there is no
    other. Scores are put out in blocks as long as a sample, which is about what they are later.
    """
    began_s = clock.monotonic()
    arriving = dropwhile(lambda batch: not batch.records, sample)
    first = _judge(next(arriving, Batch((), 0)), replay)
    since_s, cost = clock.monotonic(), Cost()
    for batch in arriving:
        cost = cost.plus(_judge(batch, replay))
        if clock.monotonic() - since_s > SAMPLE_S:
            break
    _pack(replay.flush())
    counted, start_s = (cost, since_s) if cost.records else (first, began_s)
    return counted._replace(seconds=clock.monotonic() - start_s)


def _judge(batch: Batch, replay: Replay) -> Cost:
    before = replay.windows
    _pack(replay.take(batch.rows))
    return Cost(batch.records, replay.windows - before)


def _pack(outputs: Iterable[Output]) -> None:
    for output in outputs:
        payload(outgoing(output))


def _policies(messages: Iterable[Message], wanted: frozenset[UUID]) -> dict[UUID, PolicySet]:
    policies = (message for message in messages if isinstance(message, PolicySet))
    return {policy.source_id: policy for policy in policies if policy.source_id in wanted}
