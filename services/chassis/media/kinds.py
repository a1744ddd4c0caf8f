"""Telling files apart that begin alike."""

JPEG_START = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"


def is_motion_jpeg(head: bytes) -> bool:
    """Whether a file that begins with `head` is a row of JPEG pictures, as some cameras write
    them, and not a single picture.

    A second picture must begin right behind the first. A preview inside of a photograph does not
    count, since it lies within a segment. Where `head` ends within the first picture it may be
    either, and counts as a video: decoding tells.
    """
    if not head.startswith(JPEG_START):
        return False
    end = _end_of_picture(head)
    return end is None or head[end : end + len(JPEG_START)] == JPEG_START


def _end_of_picture(head: bytes) -> int | None:
    """Behind the first picture's end marker (ITU-T T.81, B.1); None where `head` is too short."""
    place = 2
    while place + 4 <= len(head):
        if head[place] != 0xFF:
            place += 1  # entropy-coded data, or damage
        elif head[place : place + 2] == JPEG_END:
            return place + 2
        elif _has_length(head[place + 1]):
            place += 2 + int.from_bytes(head[place + 2 : place + 4])
        else:
            place += 1 if head[place + 1] == 0xFF else 2
    last = head.find(JPEG_END, place)
    return None if last < 0 else last + 2


def _has_length(marker: int) -> bool:
    """All but stuffing, fill bytes, restarts and the start of a picture."""
    return marker not in (0x00, 0x01, 0xFF) and not 0xD0 <= marker <= 0xD9
