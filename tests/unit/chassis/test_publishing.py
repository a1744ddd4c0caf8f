"""What goes out: sizes, dead letters and their limits, metrics, lag."""

import threading

import pytest

from schemas.codec import encode
from schemas.topics import CLIPS_LIVE, EMBEDDINGS, POLICIES, SCORES, SOURCES, dead_letters
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.broker import Position
from services.chassis.streaming.deadletters import (
    DeadLetterCount,
    DeadLetterLimit,
    DeadLetterLimitExceeded,
    LetterCounts,
    dead_letter,
)
from services.chassis.streaming.lag import Backlog, backlog
from services.chassis.streaming.positions import Note
from services.chassis.streaming.publisher import KafkaPublisher, MemoryPublisher, payload
from services.chassis.streaming.records import Outgoing, Partition, Record
from services.chassis.streaming.rejections import Member
from services.chassis.streaming.topics import TopicReport, Wanted, judge
from services.chassis.telemetry import metrics
from tests.builders import clip, scored

SMALL = DeadLetterLimit(max_consecutive=3, max_ratio=0.5, window=10, max_crashes=2)


def test_a_payload_is_the_encoded_message() -> None:
    assert payload(Outgoing(SCORES, scored(1, calibrated=0.5))) == encode(scored(1, calibrated=0.5))


def test_a_tombstone_has_no_payload_and_its_key() -> None:
    outgoing = Outgoing(SOURCES, None, key="a")
    assert payload(outgoing) is None
    assert outgoing.record_key == b"a"


def test_what_is_too_large_is_refused_before_it_is_sent() -> None:
    publisher = MemoryPublisher()
    large = Outgoing(SCORES, scored(1, calibrated=0.5, detector="x" * (1 << 20)))
    with pytest.raises(InvalidMessage, match="is more than"):
        publisher.publish(large)
    assert publisher.published == []


def test_a_record_as_large_as_its_topic_takes_still_fits_its_dead_letter() -> None:
    record = Record(Partition(SCORES.name, 0), 1, b"k", bytes(SCORES.max_message_bytes))
    letter = dead_letter(SCORES, record, "g", "r" * 10_000, ManualClock())
    assert letter.topic == dead_letters(SCORES)
    assert len(payload(letter) or b"") <= dead_letters(SCORES).max_message_bytes


def counted(counts: LetterCounts, outcomes: str) -> LetterCounts:
    """v: valid, i: invalid, c: a record that took the service down."""
    count = DeadLetterCount(SMALL, counts)
    for outcome in outcomes:
        {"v": count.valid, "i": count.invalid, "c": count.crash}[outcome]()
    return count.counts


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("", LetterCounts()),
        ("vvi", LetterCounts(1, 1, 3, 0)),
        ("iiv", LetterCounts(0, 2, 3, 0)),
        ("vcc", LetterCounts(2, 2, 3, 2)),
        ("ccv", LetterCounts(0, 2, 3, 0)),
        ("vi" * 10, LetterCounts(1, 5, 10, 0)),
    ],
)
def test_counts_follow_what_came(outcomes: str, expected: LetterCounts) -> None:
    assert counted(LetterCounts(), outcomes) == expected


@pytest.mark.parametrize("outcomes", ["iiii", "ccc", "vi" * 5 + "i", "iivi" * 3 + "ii"])
def test_too_much_that_is_invalid_stops_the_service(outcomes: str) -> None:
    with pytest.raises(DeadLetterLimitExceeded):
        counted(LetterCounts(), outcomes)


@pytest.mark.parametrize("cut", range(1, 4))
def test_wherever_it_restarts_the_limit_is_the_same(cut: int) -> None:
    kept = counted(LetterCounts(), "iiii"[:cut])
    with pytest.raises(DeadLetterLimitExceeded):
        counted(kept, "iiii"[cut:])


def test_once_the_fault_is_mended_valid_records_clear_the_count() -> None:
    full = counted(LetterCounts(), "vvvvviii")
    assert counted(full, "v" * 20 + "ii").consecutive == 2


@pytest.mark.parametrize(
    ("group", "topic", "owns"),
    [
        ("judging.live.i3d_k400", EMBEDDINGS, True),
        ("judging.shadow.i3d_k400", EMBEDDINGS, False),
        ("episodes.live", POLICIES, True),
        ("episodes.replay-1", POLICIES, False),
        ("episodes.live", SOURCES, False),
        ("ingest.sources", SOURCES, True),
        ("api.projector", SCORES, True),
        ("alerts", SCORES, False),
    ],
)
def test_of_the_groups_of_a_topic_the_first_consumers_write_dead_letters(
    group: str, topic: object, owns: bool
) -> None:
    assert Member({}, group).owns_letters(topic) is owns  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "end", "committed", "expected"),
    [
        (0, 0, None, Backlog(0, 0)),
        (0, 10, None, Backlog(10, 0)),
        (5, 10, None, Backlog(10, 0)),
        (0, 10, 4, Backlog(6, 0)),
        (0, 10, 10, Backlog(0, 0)),
        (7, 10, 4, Backlog(6, 3)),
        (10, 10, 4, Backlog(6, 6)),
        (0, 3, 9, Backlog(0, 0)),
    ],
)
def test_what_was_deleted_unread_is_unread_and_lost(
    first: int, end: int, committed: int | None, expected: Backlog
) -> None:
    position = None if committed is None else Position(committed)
    assert backlog(first, end, position) == expected


def test_what_is_held_back_from_the_commit_is_neither_unread_nor_lost() -> None:
    assert backlog(6, 10, Position(4, Note(done=8).pack())) == Backlog(2, 0)


WANTED = Wanted(SCORES, "p.scores.v1", 4)


@pytest.mark.parametrize(
    ("partitions", "config", "expected"),
    [
        ({}, {}, TopicReport("p.scores.v1", "created", "4 partitions")),
        ({"p.scores.v1": 4}, SCORES.config, TopicReport("p.scores.v1", "as it should be")),
        (
            {"p.scores.v1": 4},
            SCORES.config | {"retention.ms": "1"},
            TopicReport(
                "p.scores.v1", "mended", f"retention.ms=1 -> {SCORES.config['retention.ms']}"
            ),
        ),
        (
            {"p.scores.v1": 9},
            SCORES.config,
            TopicReport(
                "p.scores.v1", "left alone", "9 partitions, NIGHTCLERK_KAFKA_PARTITIONS says 4"
            ),
        ),
    ],
)
def test_a_topic_is_judged_by_what_the_broker_has(
    partitions: dict[str, int], config: dict[str, str], expected: TopicReport
) -> None:
    assert judge(WANTED, partitions, {"p.scores.v1": config}) == expected


def test_threads_that_need_a_metric_first_at_the_same_time_share_it() -> None:
    """Twenty threads, let go at once, count what nobody counted before."""
    together, errors = threading.Barrier(20), []

    def count() -> None:
        together.wait(60)
        try:
            metrics.count("retries", "of the test")
        except ValueError as error:
            errors.append(error)

    metrics._counters.pop("retries", None)
    for collector in list(metrics.REGISTRY._collector_to_names):
        if "nightclerk_retries" in metrics.REGISTRY._collector_to_names[collector]:
            metrics.REGISTRY.unregister(collector)
    threads = [threading.Thread(target=count) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert metrics._counters["retries"].labels("of the test")._value.get() == 20


def test_kafka_that_is_away_is_told_within_the_bound_and_nothing_comes_later() -> None:
    settings = KafkaSettings(kafka_bootstrap="127.0.0.1:1")
    publisher = KafkaPublisher(settings, "ingest", within_s=0.5)
    for _ in range(2):
        publisher.publish(Outgoing(CLIPS_LIVE, clip(0)))
        with pytest.raises(TransientError, match="NIGHTCLERK_KAFKA_BOOTSTRAP"):
            publisher.flush()
    publisher.flush()
