"""File names as people gave them, in whatever encoding they come: pure."""

import re
from urllib.parse import unquote_to_bytes

from services.api.tables import NAME_CHARS

# UTF-8 refuses what is not UTF-8, so it is asked first. Of the others each takes most bytes; the
# order is that of the machines that send such names: Korean, Japanese and Western Windows.
ENCODINGS = ("utf-8", "cp949", "cp932", "cp1252")


def decode_name(raw: bytes) -> str:
    """The name in the first encoding in which it makes sense."""
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def extended_name(value: bytes) -> str:
    """The name of a `filename*` parameter (RFC 8187): charset, language and escaped bytes."""
    charset, _, rest = value.partition(b"'")
    _, _, escaped = rest.partition(b"'")
    raw = unquote_to_bytes(escaped)
    try:
        return raw.decode(charset.decode("ascii"))
    except (UnicodeDecodeError, LookupError):
        return decode_name(raw)


def escaped_name(text: str) -> str:
    """The name of a query parameter or header: escaped bytes of any encoding."""
    return decode_name(unquote_to_bytes(text.encode("latin-1", "replace")))


def query_name(query: bytes, parameter: str = "filename") -> str:
    """The name in a query string; empty if there is none. Frameworks take it for UTF-8 at once."""
    for part in query.split(b"&"):
        key, _, value = part.partition(b"=")
        if key == parameter.encode():
            return decode_name(unquote_to_bytes(value.replace(b"+", b" ")))
    return ""


def clean_name(name: str) -> str:
    """The last part of a path, without control characters, of bounded length; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    visible = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(visible) > NAME_CHARS:
        stem, dot, suffix = visible.rpartition(".")
        room = NAME_CHARS - len(suffix) - 1
        keep = dot and len(suffix) < 16
        visible = f"{stem[:room]}.{suffix}" if keep else visible[:NAME_CHARS]
    return visible or "video"
