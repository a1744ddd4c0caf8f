"""Without a terminal whoever waits hears something, at each tenth and after ten silent seconds."""

import pytest

from services.cli.advance import Lines, advance


class Listener:
    """Keeps the lines; its clock stands until it is set."""

    def __init__(self, count: int) -> None:
        self.said: list[str] = []
        self.seconds = 0.0
        self.lines = Lines(count, self.said.append, lambda: self.seconds)


def test_each_tenth_is_said_once() -> None:
    listener = Listener(1)
    for percent in range(101):
        listener.lines.heard("a.mp4", percent / 100)
    assert 9 <= len(listener.said) <= 10
    assert listener.said[0] == "analysing: 10 %, 0 of 1 files"


def test_ten_silent_seconds_are_ended_however_slow_it_is() -> None:
    listener = Listener(200)
    listener.lines.heard("a.mp4", 0.5)
    for listener.seconds in range(36):
        listener.lines.tick()
    assert listener.said == ["analysing: 0 %, 0 of 200 files"] * 3


def test_files_that_ended_are_counted() -> None:
    listener = Listener(4)
    for name in "abc":
        listener.lines.heard(name, 1.0)
    assert listener.said[-1] == "analysing: 75 %, 3 of 4 files"


@pytest.mark.parametrize(("quiet", "lines"), [(True, 0), (False, 1)])
def test_where_nobody_looks_on_lines_go_to_stderr(
    quiet: bool, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with advance(["a.mp4"], quiet) as heard:
        heard("a.mp4", 0.5)
    out, said = capsys.readouterr()
    assert (out, len(said.splitlines())) == ("", lines)
