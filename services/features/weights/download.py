"""Downloads a file of weights so that a broken connection costs only what had not come yet.

What has come lies in `<file>.part` and is gone on with by HTTP Range, in this run or a later one.
The server's ETag beside it keeps two versions of a file from being joined: `If-Range` makes the
server send the whole anew when it changed.
"""

import time
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from services.features.backbones.base import locked
from services.features.backbones.sdist import tls
from services.features.weights.registry import MODELS, FetchError, Model, Source
from services.features.weights.store import Weights, keep, owner, place, published, trusted

ATTEMPTS = 4
"""So many in a row may bring nothing."""
TIMEOUT_S = 60.0
CHUNK = 1 << 20

Report = Callable[[int, int], None]
"""Told of the bytes that are here and the bytes of the whole."""


def _silent(here: int, whole: int) -> None: ...


def wanted(name: str) -> tuple[Model, Sequence[Source]]:
    """The files behind the name of a model or of one file. Raises FetchError."""
    if name in MODELS:
        return MODELS[name], MODELS[name].sources
    model, source = owner(name)
    return model, (source,)


def pull(cache: Path, model: Model, source: Source, report: Report = _silent) -> Weights:
    """One file, downloaded unless it is here already. Raises FetchError."""
    if not source.url:
        from services.features.backbones.i3d_k400.checkpoint import ensure

        with locked(cache / model.name):
            return ensure(cache, source)
    target = place(cache, model, source)
    with locked(target.parent):
        if target.exists():
            return trusted(target, published(source, target))
        part = target.with_name(f"{target.name}.part")
        fetch(source.url, part, report)
        return keep(part, target, source)


def fetch(
    url: str, part: Path, report: Report = _silent, pause: Callable[[float], None] = time.sleep
) -> None:
    """Bring `part` to its full length. Raises FetchError, and leaves what has come."""
    failures, reason = 0, ""
    while failures < ATTEMPTS:
        pause(failures and 2.0**failures)
        before = _length(part)
        try:
            if _attempt(url, part, report):
                return
            reason = "the connection broke off"
        except HTTPError as error:
            reason = _answered(error, part)
        except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(error)
        failures = 0 if _length(part) > before else failures + 1
    raise FetchError(f"{url} cannot be had ({reason}); pull again to go on from where it stopped")


def _attempt(url: str, part: Path, report: Report) -> bool:
    """Go on from where `part` ends; whether it is whole now."""
    request = Request(url, headers={"User-Agent": "nightclerk", **_from_here(part)})
    with urlopen(request, timeout=TIMEOUT_S, context=tls()) as answer:
        goes_on = answer.status == 206
        here = _length(part) if goes_on else 0
        whole = here + int(answer.headers.get("Content-Length") or 0)
        _etag(part).write_text(answer.headers.get("ETag") or "")
        with part.open("ab" if goes_on else "wb") as file:
            here = _copy(answer, file.write, here, whole, report)
    if whole_now := here >= whole:
        _etag(part).unlink()
    return whole_now


def _answered(error: HTTPError, part: Path) -> str:
    """What a refusal means. Raises FetchError where asking again is of no use."""
    if error.code == 416:  # there is nothing behind the end of `part`: it is odd, begin anew
        part.unlink()
    elif error.code < 500:
        raise FetchError(f"{error.url} answers {error.code} {error.reason}") from error
    return f"it answers {error.code} {error.reason}"


def _copy(
    answer: HTTPResponse, write: Callable[[bytes], object], here: int, whole: int, report: Report
) -> int:
    """Copy until the server ends or breaks off; the bytes that are here then."""
    report(here, whole)
    while chunk := answer.read1(CHUNK):
        write(chunk)
        here += len(chunk)
        report(here, whole)
    return here


def _from_here(part: Path) -> dict[str, str]:
    """Headers that ask for the rest. Without a strong ETag nobody knows whether it is the same."""
    etag = _etag(part).read_text() if _etag(part).exists() else ""
    if not _length(part) or not etag or etag.startswith("W/"):
        return {}
    return {"Range": f"bytes={_length(part)}-", "If-Range": etag}


def _etag(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
