"""Settings read from the environment, and one sentence for each that cannot work.

`settings.txt` beside this file lists the names of all settings of all services, so that a service
knows a misspelled one from one that is meant for another. `make schemas` writes it.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsError

from services.chassis.errors import WrongSettings

PREFIX = "NIGHTCLERK_"
NAMES = Path(__file__).with_name("settings.txt")
EXIT_CODE = 78
"""EX_CONFIG of sysexits.h: started again with the same settings, it would end the same way."""

ALLOWED = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
}
"""What pydantic's words for a wrong type become."""

S = TypeVar("S", bound=BaseSettings)


@runtime_checkable
class Usable(Protocol):
    """Settings of which only a look at the disk tells whether they can work."""

    def require_usable(self) -> None:
        """Raise WrongSettings when a service would end with them."""


def read(kind: type[S], **fixed: Any) -> S:
    """The settings of the environment; `fixed` are set by the program. Raises WrongSettings."""
    require_known_names(os.environ, kind)
    try:
        return kind(**fixed)
    except ValidationError as error:
        raise WrongSettings("\n".join(_sentences(kind, error))) from None
    except SettingsError as error:
        raise WrongSettings(_malformed(str(error))) from None


def read_usable(kind: type[S], **fixed: Any) -> S:
    """What `read` gives, after a look at the disk too."""
    settings = read(kind, **fixed)
    if isinstance(settings, Usable):
        settings.require_usable()
    return settings


def read_or_exit(kind: type[S], **fixed: Any) -> S:
    """What `read_usable` gives; else the process ends with the sentences and EXIT_CODE."""
    try:
        return read_usable(kind, **fixed)
    except WrongSettings as error:
        raise exit_for(error) from None


def exit_for(error: WrongSettings) -> SystemExit:
    """The end of a process that cannot work with its settings; the sentences are on stderr."""
    print(f"nightclerk: {error}", file=sys.stderr, flush=True)  # noqa: T201 -- before there are logs
    return SystemExit(EXIT_CODE)


def require_known_names(environment: Mapping[str, str], *kinds: type[BaseSettings]) -> None:
    """Raise WrongSettings for a variable with our prefix that is no setting of any service."""
    known = all_names() | {name_of(field) for kind in kinds for field in kind.model_fields}
    wrong = [
        name
        for name in sorted(environment)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]
    if wrong:
        raise WrongSettings("\n".join(_unknown(name, known) for name in wrong))


@cache
def all_names() -> frozenset[str]:
    """The names of the settings of all services and of the command line."""
    return frozenset(NAMES.read_text("utf-8").split())


def name_of(field: str) -> str:
    """`smtp_host` is NIGHTCLERK_SMTP_HOST."""
    return f"{PREFIX}{field.upper()}"


def _unknown(name: str, known: frozenset[str] | set[str]) -> str:
    bare = sorted(one.removeprefix(PREFIX) for one in known)
    near = get_close_matches(name.upper().removeprefix(PREFIX), bare, n=1)
    advice = f"did you mean {PREFIX}{near[0]}?" if near else "docs/reference/settings.md lists all."
    return f"There is no setting {name}: {advice}"


def _sentences(kind: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        reason = _reason(fault["type"], fault["msg"])
        if not fault["loc"]:  # several settings do not go together; the validator names them
            yield f"{_with_names(kind, reason)}."
            continue
        field = str(fault["loc"][0])
        shown = _shown(field, kind.model_fields.get(field))
        yield f"{name_of(field)}{shown}: {_with_names(kind, reason)}."


def _reason(kind: str, message: str) -> str:
    if kind in ALLOWED:
        return f"it must be {ALLOWED[kind]}"
    plain = message.removeprefix("Value error, ").removesuffix(".")
    return re.sub(r"^(Input|Value|String|Path) should ", "it must ", plain)


def _shown(field: str, info: FieldInfo | None) -> str:
    """The value as it stands in the environment, unless it is secret or was not set there."""
    given = {name.upper(): value for name, value in os.environ.items()}.get(name_of(field))
    secret = info is not None and SecretStr in _types(info.annotation)
    return "" if given is None or secret else f" is {given!r}"


def _types(annotation: Any) -> tuple[Any, ...]:
    inner = getattr(annotation, "__args__", ())
    return (annotation, *(one for part in inner for one in _types(part)))


def _with_names(kind: type[BaseSettings], text: str) -> str:
    """Field names in a validator's words, as the user spells them."""
    fields = sorted((name for name in kind.model_fields if "_" in name), key=len, reverse=True)
    pattern = rf"\b({'|'.join(fields)})\b" if fields else r"(?!)"
    return re.sub(pattern, lambda found: name_of(found[1]), text)


def _malformed(text: str) -> str:
    """A list or a mapping that is no JSON."""
    found = re.search(r'field "(\w+)"', text)
    field = found[1] if found else "?"
    return f'{name_of(field)}{_shown(field, None)}: it must be JSON, as ["one", "two"].'
