"""What a file is, told from its first bytes: pure.

Whatever is plainly no video is refused at the door. Anything else is let in, since the decoder
knows better. Playlists are refused as well: a decoder would follow their links.
"""

from services.chassis.media.kinds import JPEG_END, JPEG_START, is_motion_jpeg

HEAD_BYTES = 256 * 1024
"""So much of a file is looked at, or all of it: a film of JPEG pictures shows with its second."""

TEXT_BYTES = 1024

UNKNOWN = "application/octet-stream"
_VIDEO_BRANDS = {b"qt  ": "video/quicktime"}
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"crx ")
_MP4_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_VIDEO_PREFIXES = (
    (b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"OggS", "video/ogg"),
    (b"DKIF", UNKNOWN),
    (b"YUV4MPEG2 ", UNKNOWN),
)
_SEVERAL_VIEWS = b"MPF\x00"
"""A photograph that holds a second, smaller picture of itself."""

_OTHER_PREFIXES = (
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"v=0", "a stream description"),
    (b"<?xml", "an XML file"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"8BPS", "a Photoshop picture"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"SQLite format 3", "a database"),
    (b"ID3", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"FORM", "an audio file or picture"),
)


class NotAVideo(ValueError):
    """The text says in one sentence what the file is instead."""


def sniff(head: bytes) -> str:
    """The media type of a file that begins with `head`, `UNKNOWN` if nothing is clear.

    Raises NotAVideo for what is plainly something else.
    """
    if not head:
        raise NotAVideo("The file is empty.")
    kind = _boxed(head) or _riff(head) or _video(head)
    if kind:
        return kind
    if head.startswith(JPEG_START):
        return _motion_jpeg(head)
    _refuse(head)
    return "video/mp2t" if _is_transport_stream(head) else UNKNOWN


def _boxed(head: bytes) -> str | None:
    """MP4, QuickTime and kin: boxes with a four-letter name at byte 4."""
    if head[4:8] not in _MP4_ATOMS:
        return None
    brand = head[8:12]
    if head[4:8] == b"ftyp" and brand in _PICTURE_BRANDS:
        raise NotAVideo("The file is a picture, not a video.")
    if head[4:8] == b"ftyp":
        return _VIDEO_BRANDS.get(brand, "video/mp4")
    return "video/quicktime"


def _riff(head: bytes) -> str | None:
    if head[:4] != b"RIFF":
        return None
    if head[8:11] == b"AVI":
        return "video/x-msvideo"
    kind = {b"WAVE": "an audio file", b"WEBP": "a WebP picture"}.get(head[8:12], "a RIFF file")
    raise NotAVideo(f"The file is {kind}, not a video.")


def _video(head: bytes) -> str | None:
    return next((kind for prefix, kind in _VIDEO_PREFIXES if head.startswith(prefix)), None)


def _motion_jpeg(head: bytes) -> str:
    """A row of JPEG pictures, or the beginning of one so large that it may be that."""
    is_cut_off = len(head) < HEAD_BYTES and JPEG_END not in head
    if _SEVERAL_VIEWS in head or is_cut_off or not is_motion_jpeg(head):
        raise NotAVideo("The file is a JPEG picture, not a video.")
    return "video/x-motion-jpeg"


def _refuse(head: bytes) -> None:
    for prefix, name in _OTHER_PREFIXES:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(prefix) or head.startswith(prefix):
            raise NotAVideo(f"The file is {name}, not a video.")
    if _is_text(head[:TEXT_BYTES]):
        raise NotAVideo("The file is text, not a video.")


def _is_text(head: bytes) -> bool:
    """Printable throughout: ASCII, UTF-8, or UTF-16 with its mark."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return len(head) % 2 == 0 and _printable(head.decode("utf-16", "replace"))
    for cut in range(4):  # the end may fall inside a character
        try:
            return _printable(head[: len(head) - cut].decode())
        except UnicodeDecodeError:
            continue
    return False


def _printable(text: str) -> bool:
    return all(letter.isprintable() or letter in "\t\r\n\f\x1b" for letter in text)


def _is_transport_stream(head: bytes) -> bool:
    """MPEG-TS: a sync byte every 188 bytes, or every 192 after a time stamp (M2TS)."""
    return any(
        len(head) > start + 2 * step
        and all(head[start + step * packet] == 0x47 for packet in range(3))
        for start, step in ((0, 188), (4, 192))
    )
