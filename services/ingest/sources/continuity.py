"""Which packets of a stream can be decoded to whole pictures. Pure.

FFmpeg's H.265 decoder gives out nothing whose reference is missing; its H.264 decoder paints over
it, and the smear stays until the next key frame. So the frame numbers of H.264 are counted here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SPS, SLICE, IDR = 7, 1, 5
HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128})
MOST_HEADER = 64
"""Bytes of a slice that are read: its header's beginning."""


class Bits:
    """Reads a NAL unit bit by bit. Raises IndexError past its end."""

    def __init__(self, unit: bytes) -> None:
        self._content = unit.replace(b"\0\0\3", b"\0\0")
        self._at = 0

    def one(self) -> int:
        bit = self._content[self._at >> 3] >> (7 - (self._at & 7)) & 1
        self._at += 1
        return bit

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.one()
        return value

    def golomb(self) -> int:
        zeros = 0
        while not self.one():
            zeros += 1
            if zeros > 32:
                raise IndexError("no number")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


@dataclass(frozen=True)
class Numbering:
    """How a stream numbers its frames, from its sequence parameters."""

    bits: int
    may_have_gaps: bool
    has_planes: bool


def numbering(unit: bytes) -> Numbering:
    """Of a sequence parameter set. Raises IndexError for one that breaks off."""
    bits = Bits(unit[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    has_planes = profile in HIGH_PROFILES and _pass_high_profile(bits)
    number_bits = bits.golomb() + 4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.one()
        bits.signed_golomb()
        bits.signed_golomb()
        for _ in range(bits.golomb()):
            bits.signed_golomb()
    bits.golomb()
    return Numbering(number_bits, bool(bits.one()), has_planes)


def _pass_high_profile(bits: Bits) -> bool:
    """Whether the colour planes are coded apart."""
    chroma = bits.golomb()
    has_planes = chroma == 3 and bool(bits.one())
    bits.golomb()
    bits.golomb()
    bits.one()
    if bits.one():
        for number in range(12 if chroma == 3 else 8):
            if bits.one():
                _pass_scaling(bits, 16 if number < 6 else 64)
    return has_planes


def _pass_scaling(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


class FrameNumbers:
    """Told every packet of an H.264 stream in Annex B, in order; notices when one went missing.

    Of a stream that it cannot read it never says that something is missing.
    """

    def __init__(self) -> None:
        self._numbering: Numbering | None = None
        self._latest: int | None = None

    def follows(self, packet: bytes) -> bool:
        """Whether the packet's picture follows the one before. A key frame always does."""
        try:
            return all(self._unit_follows(unit) for unit in _units(packet))
        except IndexError:
            self._latest = None
            return True

    def _unit_follows(self, unit: bytes) -> bool:
        kind = unit[0] & 31
        if kind == SPS:
            self._numbering = numbering(unit)
        if kind not in (SLICE, IDR) or self._numbering is None:
            return True
        number = self._number(unit, self._numbering)
        latest, is_reference = self._latest, bool(unit[0] & 0x60)
        if is_reference or kind == IDR:
            self._latest = number
        if kind == IDR or latest is None or self._numbering.may_have_gaps:
            return True
        return number in (latest, (latest + 1) % (1 << self._numbering.bits))

    @staticmethod
    def _number(unit: bytes, numbers: Numbering) -> int:
        bits = Bits(unit[1:MOST_HEADER])
        for _ in range(3):  # first macroblock, kind of slice, picture parameters
            bits.golomb()
        if numbers.has_planes:
            bits.take(2)
        return bits.take(numbers.bits)


def _units(packet: bytes) -> Iterator[bytes]:
    """The NAL units' beginnings; those of a picture's first slice are enough."""
    at = packet.find(b"\0\0\1")
    while at >= 0:
        start = at + 3
        if start >= len(packet):
            return
        kind = packet[start] & 31
        yield packet[start : start + 4 * MOST_HEADER]
        if kind in (SLICE, IDR):
            return
        at = packet.find(b"\0\0\1", start)
