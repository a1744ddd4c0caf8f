"""Pieces of uploads with hidden faces. One is made at a time: the one that was asked for last, and
when nobody waits, the one after it.
"""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from services.api.faces.copies import HiddenCopies

PIECE_S = 300
PATIENCE_S = 8.0
"""Whoever waits for a piece asks again so soon after an answer; one that nobody waits for makes
way.
"""

MOST_AHEAD = 4
"""Of all uploads, one of each: so many wait that nobody asked for yet."""

NEVER = float("-inf")
Check = Callable[[], None]


@dataclass(frozen=True)
class Piece:
    """`name` says what it is made of. `make` calls the check now and then, which raises when it is
    not to go on.
    """

    upload: str
    name: str
    make: Callable[[Path, Check], None]


@dataclass
class Wanted:
    piece: Piece
    asked_s: float = NEVER
    is_forgotten: bool = False
    future: Future[Path] = field(default_factory=Future)


class HiddenPieces:
    """Kept among the copies. Safe between threads."""

    def __init__(
        self,
        copies: HiddenCopies,
        wait_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wait_s`: so long an answer waits for a piece."""
        self._copies, self._patience_s = copies, wait_s + PATIENCE_S
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pieces")
        self._waiting: dict[str, Wanted] = {}
        self._current: Wanted | None = None
        self._lock = Lock()
        self._is_closed = False

    def close(self) -> None:
        """What is being made is given up."""
        self._is_closed = True
        self._thread.shutdown(cancel_futures=True)

    def file(self, piece: Piece, following: Piece | None) -> Future[Path]:
        """Made, or being made. The future raises what `make` does, and CancelledError where others
        were asked for meanwhile.
        """
        future: Future[Path] = Future()
        kept = self._copies.kept(piece.name)
        with self._lock:
            if kept is None:
                future = self._want(piece, self._monotonic())
            self._want_ahead(piece.upload, following)
        if kept is not None:
            future.set_result(kept)
        return future

    def forget(self, source_id: str) -> None:
        """Nothing more is made of an upload, and no copy is left of it, or of a camera."""
        with self._lock:
            for each in list(self._waiting.values()):
                if each.piece.upload == source_id:
                    self._drop(each)
            if self._current is not None and self._current.piece.upload == source_id:
                self._current.is_forgotten = True
        self._copies.forget(source_id)

    def _want_ahead(self, upload: str, following: Piece | None) -> None:
        ahead = [each for each in self._waiting.values() if each.asked_s == NEVER]
        others = [each for each in ahead if each.piece.upload != upload]
        stays = others[-MOST_AHEAD + 1 :]
        for each in ahead:
            if each not in stays and (following is None or each.piece.name != following.name):
                self._drop(each)
        if following is not None and self._copies.kept(following.name) is None:
            self._want(following, NEVER)

    def _want(self, piece: Piece, asked_s: float) -> Future[Path]:
        wanted = self._waiting.get(piece.name)
        if wanted is None and self._current is not None and self._current.piece.name == piece.name:
            wanted = self._current
        if wanted is None:
            wanted = self._waiting[piece.name] = Wanted(piece)
            self._thread.submit(self._make_next)
        wanted.asked_s = max(wanted.asked_s, asked_s)
        return wanted.future

    def _drop(self, wanted: Wanted) -> None:
        self._waiting.pop(wanted.piece.name, None)
        wanted.future.cancel()

    def _make_next(self) -> None:
        with self._lock:
            for each in list(self._waiting.values()):
                if each.asked_s != NEVER and not self._is_waited_for(each):
                    self._drop(each)
            if not self._waiting:
                return
            wanted = max(self._waiting.values(), key=lambda each: each.asked_s)
            self._current = self._waiting.pop(wanted.piece.name)
        piece = wanted.piece
        try:
            path = self._copies.made(
                piece.name, lambda unfinished: piece.make(unfinished, lambda: self._check(wanted))
            )
            self._end(lambda: wanted.future.set_result(path))
        except CancelledError:
            self._end(wanted.future.cancel)
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            fault = error
            self._end(lambda: wanted.future.set_exception(fault))

    def _end(self, tell: Callable[[], object]) -> None:
        """Whoever asks from now on finds the file, or has it tried again."""
        with self._lock:
            self._current = None
        tell()

    def _check(self, wanted: Wanted) -> None:
        """Raises CancelledError."""
        with self._lock:
            makes_way = not self._is_waited_for(wanted) and any(
                map(self._is_waited_for, self._waiting.values())
            )
        if self._is_closed or makes_way or wanted.is_forgotten:
            raise CancelledError

    def _is_waited_for(self, wanted: Wanted) -> bool:
        return self._monotonic() - wanted.asked_s < self._patience_s
