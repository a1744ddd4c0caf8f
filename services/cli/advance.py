"""How far many files are, on a terminal and where there is none.

Bars for a person who looks on; else a line on stderr at least every ten seconds, and every tenth of
the whole.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.cli.screen import console, err, printable

LINE_S = 10.0
LINE_SHARE = 0.1

Heard = Callable[[str, float], None]
"""Told of a file how far it got, from 0 to 1."""


@contextmanager
def advance(files: Sequence[str], quiet: bool) -> Iterator[Heard]:
    """Show how far the files are; `quiet` shows nothing."""
    screen = console if console.is_terminal else err  # the one that results are printed on, if both
    if quiet:
        yield lambda _name, _share: None
    elif screen.is_terminal:
        with _bars(files) as heard:
            yield heard
    else:
        lines = Lines(len(files), say)
        with lines.ticking():
            yield lines.heard


class Lines:
    """Says how far the whole is: at each tenth, and when nothing was said for LINE_S."""

    def __init__(
        self,
        count: int,
        say: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count, self._say, self._now = count, say, now
        self._shares: dict[str, float] = {}
        self._said_share, self._said_at = 0.0, now()
        self._lock, self._ended = threading.Lock(), threading.Event()

    def heard(self, name: str, share: float) -> None:
        with self._lock:
            self._shares[name] = share
            if self._whole >= self._said_share + LINE_SHARE:
                self._speak()

    def tick(self) -> None:
        """Say so when nothing was said for LINE_S."""
        with self._lock:
            if self._now() - self._said_at >= LINE_S:
                self._speak()

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """`tick` once a second until the end of the block."""
        thread = threading.Thread(target=self._tick_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _tick_on(self) -> None:
        while not self._ended.wait(1.0):
            self.tick()

    @property
    def _whole(self) -> float:
        return sum(self._shares.values()) / self._count

    def _speak(self) -> None:
        done = sum(share == 1.0 for share in self._shares.values())
        self._say(f"analysing: {100 * self._whole:.0f} %, {done} of {self._count} files")
        self._said_share, self._said_at = self._whole, self._now()


def say(text: str) -> None:
    """A line for whoever waits, on stderr."""
    sys.stderr.write(f"nightclerk: {text}\n")
    sys.stderr.flush()


@contextmanager
def _bars(files: Sequence[str]) -> Iterator[Heard]:
    """A bar for each file under way and one for all."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    screen = console if console.is_terminal else err
    with Progress(*columns, console=screen, transient=True) as bars:
        whole = bars.add_task("all files", total=float(len(files)), visible=len(files) > 1)
        tasks = {name: bars.add_task(label(name), total=1.0, visible=False) for name in files}

        def heard(name: str, share: float) -> None:
            bars.update(tasks[name], completed=share, visible=share < 1.0)
            if share == 1.0:
                bars.advance(whole)

        yield heard


def label(name: str) -> str:
    return escape(printable(Path(name).name or name))
