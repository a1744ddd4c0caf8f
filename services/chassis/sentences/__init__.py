"""Sentences that services say of cameras and videos, and labels that come with the product, in
other languages. Messages carry the English ones; whoever shows them asks here.

`ko.json` maps each to its Korean one; `{}` stands for what differs from case to case, in the same
order in both. The dashboard reads the same file.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "ko"]
HOLE = "{}"


def said(text: str, language: Language) -> str:
    """The text in that language; as it is where nobody translated it (names that people gave)."""
    if language == "en":
        return text
    table = sentences()
    if text in table:
        return table[text]
    for pattern, sentence in _patterns():
        if found := pattern.fullmatch(text):
            return sentence.format(*(said(part, language) for part in found.groups()))
    return text


@cache
def sentences() -> Mapping[str, str]:
    """Korean by English, as they are written."""
    found: dict[str, str] = json.loads((files(__name__) / "ko.json").read_text("utf-8"))
    return found


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The longest first: a short one may fit where a longer one was meant."""
    holed = sorted((one for one in sentences() if HOLE in one), key=len, reverse=True)
    return tuple(
        (re.compile("(.+?)".join(map(re.escape, one.split(HOLE)))), sentences()[one])
        for one in holed
    )
