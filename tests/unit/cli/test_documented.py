"""Every `nightclerk …` that README and docs show: the command is there, and so are its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from services.cli.__main__ import app
from services.cli.lazy import LATER, load

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    page
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/**/*.md")]
    if "nightclerk " in page.read_text("utf-8")
)
CALL = re.compile(r"(?:^|[ `$(/])nightclerk (?P<rest>[a-z][^`\n]*)")
FENCED = re.compile(r"^```.*?^```|^(?: {4}\S.*\n)+|`[^`\n]*`", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"#.*$|[|;&)].*$")


def calls(page: Path) -> Iterator[str]:
    """What follows `nightclerk` wherever code stands, to the end of the line."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    for code in FENCED.findall(text):
        for line in code.splitlines():
            yield from (found["rest"] for found in CALL.finditer(line))


def words_of(call: str) -> list[str]:
    try:
        return shlex.split(call, comments=True)
    except ValueError:  # a quotation that goes on in the next line
        return call.split()


def commands(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words behind it."""
    command: Any = typer.main.get_command(app)
    at_the_top = True
    while words and isinstance(command, TyperGroup):
        name = words[0]
        late = at_the_top and name in LATER
        found = load(name) if late else command.commands.get(name)
        if found is None:
            break
        command, words, at_the_top = found, words[1:], False
    return command, words


def problem(call: str) -> str | None:
    """What is wrong with a call, if anything is."""
    words = words_of(SHOWN.sub("", call) if "'" not in call and '"' not in call else call)
    command, rest = commands(words)
    if isinstance(command, TyperGroup) and not command.invoke_without_command:
        if rest and re.fullmatch(r"[a-z-]+", rest[0]):
            return f"there is no command {rest[0]}"
        return None
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    strange = [
        word for word in rest if re.match(r"--[a-z]", word) and word.split("=")[0] not in known
    ]
    return f"{command.name} takes no {', '.join(strange)}" if strange else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_call_that_is_shown_can_be_made(page: Path) -> None:
    wrong = [f"nightclerk {call}: {why}" for call in calls(page) if (why := problem(call))]
    assert not wrong


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("cameras list", "there is no command cameras"),
        ("camera lst", "there is no command lst"),
        ("targets set guard --of", "set takes no --of"),
        ('camera set door --mask "0,0 0.3,0 0.3,0.5" --motion-gate', None),
        ("videos delete 0f8fad5b-d9cb-469f-a165-70867728950e    # and: videos resume", None),
    ],
)
def test_a_call_that_cannot_be_made_is_found(call: str, why: str | None) -> None:
    assert problem(call) == why
