"""Parameter sets: what a decoder must know before the first picture of H.264 and H.265. Pure.

Cameras repeat them before key frames, and some say them nowhere else, or change them there. A
segment states them once, in its head.
"""

from collections.abc import Iterator

START_CODE = b"\x00\x00\x01"
H264_SETS = frozenset({7, 8})
"""SPS and PPS (ITU-T H.264, table 7-1)."""
H265_SETS = frozenset({32, 33, 34})
"""VPS, SPS and PPS (ITU-T H.265, table 7-1)."""
MOST_BYTES = 64 * 1024
"""Parameter sets come first; what lies behind so much of a packet is picture."""


def parameter_sets(codec: str, content: bytes) -> bytes:
    """Those of a packet in Annex B form, in their order; empty where there are none, or the codec
    has none.
    """
    if codec not in ("h264", "hevc") or not _is_annex_b(content):
        return b""
    is_set = _is_h264_set if codec == "h264" else _is_h265_set
    units = (unit for unit in _units(content[:MOST_BYTES]) if unit and is_set(unit[0]))
    return b"".join(b"\x00" + START_CODE + unit for unit in units)


def _is_annex_b(content: bytes) -> bool:
    return content.startswith((START_CODE, b"\x00" + START_CODE))


def _is_h264_set(head: int) -> bool:
    return head & 0x1F in H264_SETS


def _is_h265_set(head: int) -> bool:
    return head >> 1 & 0x3F in H265_SETS


def _units(content: bytes) -> Iterator[bytes]:
    """NAL units without start codes; zero bytes before the next one belong to neither."""
    start = content.find(START_CODE) + len(START_CODE)
    while start >= len(START_CODE):
        end = content.find(START_CODE, start)
        yield (content[start:] if end < 0 else content[start:end]).rstrip(b"\x00")
        start = end + len(START_CODE) if end >= 0 else -1
