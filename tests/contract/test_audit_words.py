"""Whatever the audit log may hold has words on its page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from services.api.deadletters.views import LetterState
from services.api.exports.columns import TableName
from services.api.models.deploying import AUDITED
from services.api.reviews.views import Action

API = Path("services/api")
DEEDS = API / "web/src/pages/people/deeds.ts"
COMPUTED = (
    {f"alert.{action}" for action in (*get_args(Action), "commented")}
    | {f"{table}.exported" for table in get_args(TableName)}
    | {f"dead_letter.{state}" for state in set(get_args(LetterState)) - {"open"}}
    | set(AUDITED.values())
)
WRITERS = ("record", "view", "noted", "_note", "_done", "_record", "_noted", "_visible")
"""Functions that hand an action on to the log."""


def written() -> Iterator[str]:
    """Every `noun.verb` that is given to one of the writers."""
    for file in API.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in WRITERS:
                for part in (part for value in node.args for part in ast.walk(value)):
                    if isinstance(part, ast.Constant) and _is_action(part.value):
                        yield part.value


def _name(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _is_action(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z_-]+\.[a-z_]+", value) is not None


def test_every_action_of_the_audit_log_has_words() -> None:
    actions = set(written()) | COMPUTED
    assert "camera.added" in actions
    said = set(re.findall(r'"([a-z_-]+\.[a-z_]+)": t`', DEEDS.read_text("utf-8")))
    assert actions - said == set()
