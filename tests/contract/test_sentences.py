"""Whatever ingest says of a camera or a video, and whatever the API refuses, has its Korean
sentence.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis.sentences import said, sentences

SPEAKING = ("cameras", "core", "folders", "sources", "spool", "transcode.py", "upload.py")
OF_PROGRAMS = {
    "{} is not sim://store?...",
    "Another process has the spool {}.",
    "The spool {} cannot be used: {}.",
    "The clock was set {} by {} s.",
}
"""Said to whoever runs the machine, in logs and refusals alone; and one that is two sentences."""


def spoken() -> Iterator[tuple[str, str]]:
    """(file, sentence) of every sentence that ingest has: a capital, a blank, a full stop."""
    for room in SPEAKING:
        path = Path("services/ingest") / room
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
    "Called the shop.",
    "The file; the columns stand in docs/reference/exports.md.",
    "There is no video 0f8fad5b-d9cb-469f-a165-70867728950e.",
    "Till 1: no poses are kept of this time, so night could not be replayed.",
    "{}: {}.",
}
"""Examples, and what a validator says of a field."""
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
