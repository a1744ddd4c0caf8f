"""The file of a request, as it comes in: from a multipart form, or the bare body."""

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.api.tables import FILENAME_CHARS

FIELD = "file"
IDLE_S = 60.0


class MalformedForm(ValueError):
    """The body is not what its content type says. The text is one sentence."""


class FormFile:
    """Takes the bytes of a form, gives the bytes of its one file, and its name once known."""

    def __init__(self, boundary: bytes) -> None:
        self.filename = ""
        self.found = self.ended = False
        self._out: list[bytes] = []
        self._inside = False
        self._name = self._value = b""
        self._disposition = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_part_data": self._part_data,
                "on_part_end": self._part_ends,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_end": self._form_ends,
            },
        )

    def feed(self, data: bytes) -> bytes:
        """The bytes of the file among `data`. Raises MalformedForm."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise MalformedForm(f"The form cannot be read: {error}.") from error
        content, self._out = b"".join(self._out), []
        return content

    def _part_begins(self) -> None:
        self._disposition = self._name = self._value = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._inside = options.get(b"name", b"").decode("utf-8", "replace") == FIELD
        if self._inside and self.found:
            raise MalformedForm("The form has more than one file; send one a request.")
        if self._inside:
            self.found = True
            self.filename = options.get(b"filename", b"").decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._out.append(data[start:end])

    def _part_ends(self) -> None:
        self._inside = False

    def _form_ends(self) -> None:
        self.ended = True


class Upload:
    """The file that a request carries. `filename` is final once `chunks` is through."""

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type"))
        self._request = request
        self._form = FormFile(_boundary(options)) if kind == b"multipart/form-data" else None
        self._given = request.query_params.get("filename") or unquote(
            request.headers.get("x-filename", "")
        )

    @property
    def filename(self) -> str:
        return clean_name(self._form.filename if self._form else self._given)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file's bytes in order. Raises MalformedForm, ClientDisconnect, TimeoutError."""
        async for data in lively(self._request.stream()):
            content = self._form.feed(data) if self._form else data
            if content:
                yield content
        if self._form:
            _require_whole(self._form)


async def lively(stream: AsyncIterator[bytes], idle_s: float = IDLE_S) -> AsyncIterator[bytes]:
    """The same, but raises TimeoutError when nothing comes for so long."""
    while True:
        async with asyncio.timeout(idle_s):
            data = await anext(stream, None)
        if data is None:
            return
        yield data


def clean_name(name: str) -> str:
    """The last part of a path, without control characters, of bounded length; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    visible = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(visible) > FILENAME_CHARS:
        stem, dot, suffix = visible.rpartition(".")
        room = FILENAME_CHARS - len(suffix) - 1
        keep = dot and len(suffix) < 16
        visible = f"{stem[:room]}.{suffix}" if keep else visible[:FILENAME_CHARS]
    return visible or "video"


def _boundary(options: dict[bytes, bytes]) -> bytes:
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 256:
        raise MalformedForm("The form's content type names no boundary.")
    return boundary


def _require_whole(form: FormFile) -> None:
    if not form.ended:
        raise MalformedForm("The form ends in the middle.")
    if not form.found:
        raise MalformedForm(f"The form has no file in a field named {FIELD}.")
