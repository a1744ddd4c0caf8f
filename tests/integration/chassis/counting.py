"""A process that counts the clips of each source with a stateful stream, to be killed by tests.

python counting.py BOOTSTRAP PREFIX STATE_DIR
"""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from schemas import groups
from schemas.base import Message
from schemas.judgements import ClipJudged
from schemas.scores import ClipScored, HeadScore
from schemas.topics import JUDGEMENTS, SCORES
from services.chassis import service
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing, Record, Tombstone
from services.chassis.streaming.stateful import StatefulStream

MOST = 1000


class Counting:
    """The state is how many clips there were; a clip seen before says what it said then."""

    def unpack(self, packed: bytes) -> int:
        return int(packed)

    def pack(self, state: int) -> bytes:
        return str(state).encode()

    def __call__(
        self, state: int | None, record: Record, message: Message | Tombstone
    ) -> tuple[int, Iterable[Outgoing]]:
        assert isinstance(message, ClipJudged)
        index = message.clips[0].index
        count = max(state or 0, index + 1) if (state or 0) >= index else -1
        assert count > 0, "a clip is missing"
        answer = counted(message, index)
        return count, [Outgoing(SCORES, answer, record.headers)]

    def tick(self, state: int, now: datetime) -> tuple[int, Iterable[Outgoing]]:
        return state, ()


def counted(message: ClipJudged, count: int) -> ClipScored:
    head = HeadScore(
        head="count",
        model_id="test",
        rule="count",
        label="",
        score=0,
        calibrated=count / MOST,
        high_mark=1,
    )
    fields = {name: getattr(message, name) for name in ("source_id", "origin_at", "cut_at")}
    return ClipScored(
        clips=message.clips,
        detector=message.detector,
        backbone=message.backbone,
        heads=(head,),
        **fields,
    )


def main() -> None:
    bootstrap, prefix, state_dir = sys.argv[1:]
    settings = ServiceSettings(
        kafka_bootstrap=bootstrap, topic_prefix=prefix, state_dir=Path(state_dir)
    )
    publisher = KafkaBroker(settings).publisher("scoring")
    service.run(
        "counting",
        settings,
        lambda: StatefulStream(settings, groups.episodes(), [JUDGEMENTS], Counting(), publisher),
    )


if __name__ == "__main__":
    main()
