"""On which partition Kafka's clients put a key: murmur2, as Java's and aiokafka's do, and ours."""

MASK = 0xFFFFFFFF
SEED = 0x9747B28C
FACTOR = 0x5BD1E995
POSITIVE = 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """The number of the partition, of so many."""
    return (murmur2(key) & POSITIVE) % partitions


def murmur2(content: bytes) -> int:
    """Austin Appleby's 32-bit hash, with the seed that Kafka has."""
    value = SEED ^ len(content)
    whole = len(content) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(content[start : start + 4], "little") * FACTOR & MASK
        word = (word ^ (word >> 24)) * FACTOR & MASK
        value = (value * FACTOR & MASK) ^ word
    if whole < len(content):
        value = (value ^ int.from_bytes(content[whole:], "little")) * FACTOR & MASK
    value = (value ^ (value >> 13)) * FACTOR & MASK
    return value ^ (value >> 15)
