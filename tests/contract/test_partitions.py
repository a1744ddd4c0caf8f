"""Keys land on the partitions that Java and aiokafka (thus Faust) would choose.

librdkafka's own default does not: of random keys about a quarter agree on four partitions.
"""

import threading
import uuid

import pytest
from confluent_kafka import Producer

from services.chassis.settings import ServiceSettings
from services.chassis.streaming.publisher import producer_config

KEYS = [str(uuid.UUID(int=seed * 0x9E3779B97F4A7C15 % 2**128)).encode() for seed in range(1, 65)]
PARTITIONS = 4
MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, seed 0x9747b28c, as org.apache.kafka.common.utils.Utils has it."""
    multiplier = 0x5BD1E995
    value = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * multiplier & MASK
        word = (word ^ word >> 24) * multiplier & MASK
        value = (value * multiplier & MASK) ^ word
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * multiplier & MASK
    value = (value ^ value >> 13) * multiplier & MASK
    return value ^ value >> 15


def java_partition(key: bytes, partitions: int) -> int:
    return (murmur2(key) & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_our_murmur2_is_the_one_of_the_java_client(text: bytes, expected: int) -> None:
    assert murmur2(text) == expected & MASK


@pytest.fixture
def cluster() -> Producer:
    """A producer as the services build it, on librdkafka's in-process mock cluster."""
    config = producer_config(ServiceSettings()) | {
        "test.mock.num.brokers": 1,
        "topic.metadata.refresh.interval.ms": 1000,
    }
    config.pop("bootstrap.servers")
    return Producer(config)


def chosen(producer: Producer, keys: list[bytes]) -> dict[bytes, int]:
    """The partition that each key's record was acknowledged on."""
    found: dict[bytes, int] = {}
    lock = threading.Lock()

    def told(error: object, message: object) -> None:
        assert error is None
        with lock:
            found[message.key()] = message.partition()  # type: ignore[attr-defined]

    for key in keys:
        producer.produce("keys.v1", b"value", key, on_delivery=told)
    assert producer.flush(30) == 0
    return found


def test_our_producers_choose_the_partition_of_java(cluster: Producer) -> None:
    assert (
        len(cluster.list_topics("keys.v1", timeout=60).topics["keys.v1"].partitions) == PARTITIONS
    )
    assert chosen(cluster, KEYS) == {key: java_partition(key, PARTITIONS) for key in KEYS}


def test_the_keys_of_this_test_use_every_partition() -> None:
    assert {java_partition(key, PARTITIONS) for key in KEYS} == set(range(PARTITIONS))
