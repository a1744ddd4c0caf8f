"""The file of a request, as it comes in: from a multipart form, or the bare body."""

import re
from collections.abc import AsyncIterator

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.api.names import clean_name, decode_name, escaped_name, extended_name, query_name
from services.api.pace import Pace, paced

FIELD = b"file"
WORDS = {b"recorded_at": "recorded_at", b"store_id": "store_id"}
"""Fields beside the file that are read."""
VALUE_BYTES = 100
_EXTENDED_NAME = re.compile(rb";\s*filename\*\s*=\s*\"?([^;\"]*)", re.IGNORECASE)


class MalformedForm(ValueError):
    """The body is not what its content type says. The text is one sentence."""


class FormFile:
    """Takes the bytes of a form, gives the bytes of its one file, and its name once known; and
    what the fields of WORDS say.
    """

    def __init__(self, boundary: bytes) -> None:
        self.filename = ""
        self.words = dict.fromkeys(WORDS.values(), "")
        self.found = self.ended = False
        self._out: list[bytes] = []
        self._field = b""
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
        self._field = options.get(b"name", b"")
        if self._field != FIELD:
            return
        if self.found:
            raise MalformedForm("The form has more than one file; send one a request.")
        self.found = True
        extended = _EXTENDED_NAME.search(self._disposition)
        plain = decode_name(options.get(b"filename", b""))
        self.filename = extended_name(extended[1].strip()) if extended else plain

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field == FIELD:
            self._out.append(data[start:end])
        elif (name := WORDS.get(self._field)) and len(self.words[name]) <= VALUE_BYTES:
            self.words[name] += data[start:end].decode("latin-1")

    def _part_ends(self) -> None:
        self._field = b""

    def _form_ends(self) -> None:
        self.ended = True


class Upload:
    """The file that a request carries. What else it says is final once `chunks` is through."""

    def __init__(self, request: Request, pace: Pace) -> None:
        kind, options = parse_options_header(request.headers.get("content-type"))
        self._request, self._pace = request, pace
        self._form = FormFile(_boundary(options)) if kind == b"multipart/form-data" else None
        self._given = query_name(request.scope["query_string"]) or escaped_name(
            request.headers.get("x-filename", "")
        )

    @property
    def filename(self) -> str:
        return clean_name(self._form.filename if self._form else self._given)

    def word(self, name: str) -> str:
        """As it was given, by the form or the query; empty if it was not."""
        in_form = self._form.words[name].strip() if self._form else ""
        return in_form or self._request.query_params.get(name, "")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file's bytes in order. Raises MalformedForm, ClientDisconnect, TooSlow."""
        async for data in paced(self._request.stream(), self._pace):
            content = self._form.feed(data) if self._form else data
            if content:
                yield content
        if self._form:
            _require_whole(self._form)


def _boundary(options: dict[bytes, bytes]) -> bytes:
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 256:
        raise MalformedForm("The form's content type names no boundary.")
    return boundary


def _require_whole(form: FormFile) -> None:
    if not form.ended:
        raise MalformedForm("The form ends in the middle.")
    if not form.found:
        raise MalformedForm("The form has no file in a field named file.")
