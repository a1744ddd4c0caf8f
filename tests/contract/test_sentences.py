"""Whatever ingest says of a camera or a video, a worker of a replay that failed, and whatever the
API refuses, has its Korean sentence.
"""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticKnownError
from pydantic_core.core_schema import ErrorType

from services.chassis.sentences import said, sentences

INGEST = ("cameras", "core", "folders", "sources", "spool", "transcode.py", "upload.py")
SPEAKING = (*(f"ingest/{room}" for room in INGEST), "scoring/replay/worker.py")
OF_PROGRAMS = {
    "{} is not sim://store?...",
    "Another process has the spool {}.",
    "The spool {} cannot be used: {}.",
    "The clock was set {} by {} s.",
}
"""Said to whoever runs the machine, in logs and refusals alone; and one that is two sentences."""


def spoken() -> Iterator[tuple[str, str]]:
    """(file, sentence) of every sentence that those have: a capital, a blank, a full stop."""
    for room in SPEAKING:
        path = Path("services") / room
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for text in texts(ast.parse(file.read_text("utf-8"))):
                is_sentence = text[:1].isupper() or text.startswith("{}")
                if is_sentence and " " in text and text.endswith("."):
                    yield str(file), text


API = Path("services/api")
OTHERWISE = (
    "app.py", "bench", "comparisons/report.py", "config.py", "erasure/proof.py", "events/views.py",
    "models/notices.py", "openapi", "reviews/page.py", "signon/pages.py", "targets/notices.py",
    "web",
)  # fmt: skip
"""Rooms of the API that have both languages of their own, or speak to programmers and operators."""
NO_REFUSALS = {
    "{}: {}.",
    "Called the shop.",
    "The file; the columns stand in docs/reference/exports.md.",
    "There is no video 0f8fad5b-d9cb-469f-a165-70867728950e.",
    "Till 1: no poses are kept of this time, so night could not be replayed.",
}
"""Examples; and the place of a field, of which what is said of it is translated by itself."""
DESCRIBED = ("description", "summary")


def refused() -> Iterator[tuple[str, str]]:
    """(file, sentence) of every sentence by which the API refuses or explains something."""
    for file in sorted(API.rglob("*.py")):
        if str(file.relative_to(API)).startswith(OTHERWISE):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                node.keywords = [one for one in node.keywords if one.arg not in DESCRIBED]
        for text in texts(tree):
            is_sentence = text[:1].isupper() or text.startswith("{")
            if is_sentence and " " in text and text.rstrip().endswith((".", "…")):
                yield str(file), re.sub(r"\{\w+\}", "{}", text)


def test_every_sentence_of_the_api_is_translated() -> None:
    missing = {(file, text) for file, text in refused() if text not in sentences()}
    assert {each for each in missing if each[1] not in NO_REFUSALS} == set()


FIELDS = (
    *sorted(API.rglob("*.py")),
    *(Path("schemas") / f"{name}.py" for name in ("base", "hours", "policies")),
    Path("services/chassis/hours.py"),
)
UNSAID = {"too long"}
"""Never leaves the module that raises it."""


def of_fields() -> Iterator[tuple[str, str]]:
    """(file, words) of what validators of the API's fields refuse."""
    for file in FIELDS:
        if str(file).startswith(str(API)) and str(file.relative_to(API)).startswith(OTHERWISE):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError":
                for text in texts(node):
                    yield str(file), text


def test_what_validators_of_the_api_say_is_translated() -> None:
    missing = {(file, text) for file, text in of_fields() if text not in sentences()}
    assert {each for each in missing if each[1] not in UNSAID} == set()


KINDS: tuple[tuple[ErrorType, dict[str, Any] | None], ...] = (
    ("missing", None),
    ("extra_forbidden", None),
    ("json_invalid", {"error": "EOF"}),
    ("model_attributes_type", None),
    ("dict_type", None),
    ("list_type", None),
    ("tuple_type", None),
    ("greater_than", {"gt": 1}),
    ("greater_than_equal", {"ge": 1}),
    ("less_than", {"lt": 1}),
    ("less_than_equal", {"le": 1}),
    ("finite_number", None),
    ("float_type", None),
    ("float_parsing", None),
    ("int_type", None),
    ("int_parsing", None),
    ("int_parsing_size", None),
    ("int_from_float", None),
    ("bool_type", None),
    ("bool_parsing", None),
    ("string_type", None),
    ("string_too_short", {"min_length": 1}),
    ("string_too_short", {"min_length": 8}),
    ("string_too_long", {"max_length": 1}),
    ("string_too_long", {"max_length": 8}),
    ("string_pattern_mismatch", {"pattern": "a"}),
    ("too_short", {"field_type": "List", "min_length": 1, "actual_length": 0}),
    ("too_short", {"field_type": "List", "min_length": 8, "actual_length": 0}),
    ("too_long", {"field_type": "List", "max_length": 1, "actual_length": 9}),
    ("too_long", {"field_type": "List", "max_length": 8, "actual_length": 9}),
    ("enum", {"expected": "'a' or 'b'"}),
    ("literal_error", {"expected": "'a' or 'b'"}),
    ("union_tag_not_found", {"discriminator": "'kind'"}),
    (
        "union_tag_invalid",
        {"tag": "c", "discriminator": "'kind'", "expected_tags": "'a', 'b'"},
    ),
    ("date_type", None),
    ("date_parsing", {"error": "input is too short"}),
    ("date_from_datetime_parsing", {"error": "input is too short"}),
    ("time_parsing", {"error": "input is too short"}),
    ("datetime_type", None),
    ("datetime_parsing", {"error": "input is too short"}),
    ("datetime_from_date_parsing", {"error": "input is too short"}),
    ("timezone_aware", None),
    ("uuid_parsing", {"error": "invalid length"}),
    ("uuid_type", None),
    ("url_type", None),
    ("url_parsing", {"error": "empty host"}),
    ("url_scheme", {"expected_schemes": "'https'"}),
    ("url_too_long", {"max_length": 8}),
)
"""By which pydantic refuses what a request says."""


@pytest.mark.parametrize(("kind", "context"), KINDS)
def test_what_pydantic_says_of_a_field_is_translated(
    kind: ErrorType, context: dict[str, Any] | None
) -> None:
    words = PydanticKnownError(kind, context).message()
    korean = said(words, "ko")
    assert re.search("[가-힣]", korean), words
    assert not re.search(
        "nput|should|valid|Value", korean.replace("invalid length", "").replace("input is", "")
    ), korean


def test_titles_are_translated() -> None:
    statuses = (202, 400, 401, 403, 404, 405, 409, 410, 411, 412, 413, 415, 416, 422, 428, 429)
    for status in (*statuses, 500, 503, 507):
        assert HTTPStatus(status).phrase in sentences()


def texts(tree: ast.AST) -> Iterator[str]:
    """Strings that are no docstrings, what is computed in them as `{}`."""
    nodes = list(ast.walk(tree))
    passed = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    passed |= {
        id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in nodes:
        if id(node) in passed:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}"
                          for part in node.values)  # fmt: skip


def test_every_sentence_of_ingest_is_translated() -> None:
    missing = {(file, text) for file, text in spoken() if text not in sentences()}
    assert {one for one in missing if one[1] not in OF_PROGRAMS} == set()


def test_translations_have_the_same_holes() -> None:
    assert [en for en, ko in sentences().items() if en.count("{}") != ko.count("{}")] == []


@pytest.mark.parametrize(
    ("text", "korean"),
    [
        ("Possible fight", "싸움 의심"),
        ("The clock was set ahead by 120 s.", "시계가 120초 앞으로 조정되었습니다."),
        ("/dev/video0 gives no more video.", "/dev/video0에서 더 이상 영상이 오지 않습니다."),
        ("A raccoon", "A raccoon"),
        ("Nothing was recorded at that time.", "그 시간에는 녹화된 영상이 없습니다."),
        (
            "Under legal hold: case 4711. Let go of what is held first.",
            "법적 보존 중: case 4711. 먼저 보존을 해제해 주세요.",
        ),
    ],
)
def test_what_differs_goes_over(text: str, korean: str) -> None:
    assert said(text, "ko") == korean
    assert said(text, "en") == text
