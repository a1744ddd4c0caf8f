"""Write json/, examples/, asyncapi.yaml and docs/reference/topics.md: `python -m schemas.generate`.

With `--check` nothing is written and drift is an error. A schema that would break readers of the
committed one is refused either way: that needs a new major version, thus a new topic.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas import documents
from schemas.codec import encode
from schemas.evolution import breaking_changes
from schemas.samples import samples

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "reference"
VERSION = "0.1.0"


def files() -> dict[Path, bytes]:
    """Every generated file with its content."""
    return {**_schema_files(), **_example_files(), **_overview_files()}


def strays(wanted: Mapping[Path, bytes]) -> list[Path]:
    """Files in the generated folders that nothing generates any more."""
    found = [*(HERE / "json").glob("*"), *(HERE / "examples").glob("*")]
    return sorted(path for path in found if path not in wanted)


def refusals(committed: Path = HERE / "json") -> list[str]:
    """Breaking changes of the classes against the committed schemas."""
    faults = []
    for message in documents.all_messages():
        path = committed / f"{message.type_name()}.json"
        if path.exists():
            changes = breaking_changes(
                json.loads(path.read_text("utf-8")), documents.json_schema(message)
            )
            faults += [f"{message.type_name()}: {change}" for change in changes]
    return faults


def main(arguments: list[str]) -> int:
    faults = refusals()
    wanted = files()
    if "--check" in arguments:
        faults += [f"{path}: differs; run make schemas" for path in _drifted(wanted)]
    elif not faults:
        _write(wanted)
    for fault in faults:
        sys.stderr.write(fault + "\n")
    return 1 if faults else 0


def _schema_files() -> dict[Path, bytes]:
    return {
        HERE / "json" / f"{message.type_name()}.json": _json(documents.json_schema(message))
        for message in documents.all_messages()
    }


def _example_files() -> dict[Path, bytes]:
    folder = HERE / "examples"
    made: dict[Path, bytes] = {}
    for message in samples():
        made[folder / f"{message.type}.msgpack"] = encode(message)
        made[folder / f"{message.type}.json"] = _json(documents.view(message))
    return made


def _overview_files() -> dict[Path, bytes]:
    head = "# Generated from schemas/topics.py by `make schemas`; do not edit.\n"
    return {
        HERE / "asyncapi.yaml": (head + documents.yaml(documents.asyncapi(VERSION))).encode(),
        DOCS / "topics.md": documents.topics_table().encode(),
    }


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _drifted(wanted: Mapping[Path, bytes]) -> list[Path]:
    changed = [
        path
        for path, content in wanted.items()
        if not path.exists() or path.read_bytes() != content
    ]
    return changed + strays(wanted)


def _write(wanted: Mapping[Path, bytes]) -> None:
    for path in strays(wanted):
        path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
