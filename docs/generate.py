"""Write docs/reference/settings.md, rest.md and the names of all settings from the code.

Part of `make schemas`.
"""

import ast
import inspect
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from services.api import app
from services.api.exports.columns import COLUMNS
from services.chassis.environment import NAMES, name_of
from services.chassis.settings import KafkaSettings, ServiceSettings
from services.local.config import LocalSettings
from services.local.roster import OF_THE_COMMAND_LINE, ROSTER

REFERENCE = Path(__file__).parent / "reference"
NOTE = "Generated from the code by `make schemas`; do not edit.\n"
SETTINGS: dict[str, type[BaseSettings]] = {
    "Kafka, for all services and tools": KafkaSettings,
    "All services": ServiceSettings,
    **{name: service.settings_class() for name, service in ROSTER.items()},
    "`nightclerk up`": LocalSettings,
}
OF_THIS_MACHINE = {"cache_dir": "the user's cache folder"}


def files() -> dict[Path, str]:
    """Every generated page with its content."""
    return {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "rest.md": rest_page(),
        REFERENCE / "exports.md": exports_page(),
        NAMES: names(),
    }


def names() -> str:
    """All settings of all services, so that each service knows a misspelled one."""
    fields = {field for kind in SETTINGS.values() for field in kind.model_fields}
    return "".join(f"{name_of(field)}\n" for field in sorted({*fields, *OF_THE_COMMAND_LINE}))


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        NOTE,
        "Every setting is an environment variable, read once at start. A service refuses to start",
        "with one that cannot work or that does not exist, and says which.",
    ]
    for title, kind in SETTINGS.items():
        lines += ["", f"## {title}", "", "| variable | default | |", "|---|---|---|"]
        told = docstrings(kind)
        lines += [
            row(f"`{name_of(name)}`", default(name, field.default), told.get(name, ""))
            for name, field in kind.model_fields.items()
            if name in kind.__annotations__
        ]
    return "\n".join(lines) + "\n"


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def docstrings(kind: type[BaseSettings]) -> dict[str, str]:
    """What stands below each field in the source."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    waiting: list[str] = []
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            waiting.append(statement.target.id)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            text = " ".join(str(statement.value.value).split())
            if waiting:
                found[waiting[-1]] = text
    return found


def default(name: str, value: Any) -> str:
    if name in OF_THIS_MACHINE:
        return OF_THIS_MACHINE[name]
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    if value in ("", None, PydanticUndefined, ()):
        return ""
    return f"`{value}`"


def rest_page() -> str:
    document = app.described().openapi()
    rows = [
        row(f"`{method.upper()}`", f"`{path}`", f"`{route['operationId']}`", route["summary"])
        for path, routes in sorted(document["paths"].items())
        for method, route in routes.items()
    ]
    return "\n".join(
        (
            "# REST",
            "",
            NOTE,
            "The whole description, with examples, is served at `/api/v1/openapi.json`. With a",
            "token configured (`NIGHTCLERK_API_TOKEN`) send it as `Authorization: Bearer …`.",
            "Errors are problem details (RFC 9457), in Korean for `Accept-Language: ko`. Moments are",
            "ISO 8601 in UTC; names ending in `_s` are seconds, of a source from its origin. Lists",
            'answer `{"items": …, "next": …}`: go on with `?cursor=` of `next` until that is null.',
            "",
            "| | path | in generated clients | |",
            "|---|---|---|---|",
            *rows,
            "",
            "For machines: `GET /healthz` and `GET /metrics`, without a login.",
            "",
        )
    )


def exports_page() -> str:
    lines = [
        "# Exports",
        "",
        NOTE,
        "`GET /api/v1/exports/{table}?format=csv|parquet&since=…&until=…` gives one file of all",
        "sources that one may see, or of one (`source_id`) or a store's (`store_id`); at most 366 days",
        "of them. `nightclerk export` writes it to disk. Rows come source by source, scores rule by",
        "rule, and then in order of time; `clips` and `minutes` have no row where nothing was scored.",
        "Numbers are those of the timeline, digit by digit. In CSV every text is quoted, null is",
        "empty and moments are ISO 8601 with a Z; in Parquet they are microseconds in UTC.",
        "",
        "```python",
        "duckdb.sql(\"SELECT source_name, max(calibrated) FROM 'minutes.parquet' GROUP BY ALL\")",
        "```",
    ]
    for table, columns in COLUMNS.items():
        lines += ["", f"## {table}", "", "| column | type | |", "|---|---|---|"]
        lines += [row(f"`{each.name}`", each.kind, each.meaning) for each in columns]
    return "\n".join(lines) + "\n"


def main() -> None:
    for path, content in files().items():
        path.write_text(content, "utf-8")


if __name__ == "__main__":
    main()
