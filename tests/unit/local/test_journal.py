"""What of the log a person sees who starts a stack in the foreground."""

import io
from pathlib import Path

import pytest

from services.local.journal import Journal, concerns_people

STAMP = "2026-11-27T18:33:16.608737Z"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("local", "kafka is ready"),
        ("kafka", "ended with code 1; again in 0.5 s"),
        ("kafka", "[main] ERROR kafka.Kafka - no space left on device"),
        ("features", f"{STAMP} [warning  ] there is a GPU here, but torch is not installed"),
        ("alerts", f"{STAMP} [error    ] the mail server refuses"),
        ("judging", "Traceback (most recent call last):"),
        ("judging", '  File "x.py", line 1, in <module>'),
        ("judging", "nightclerk: There is no setting NIGHTCLERK_BACKBON."),
    ],
)
def test_what_somebody_has_to_know_is_shown(name: str, line: str) -> None:
    assert concerns_people(name, line)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("topics", "clips.live.v1 created: 4 partitions"),
        ("tables", "0019 applied"),
        ("store", "  Volume       ready     0.2s"),
        ("kafka", "[broker] WARN kafka.server.DefaultAutoTopicCreation - again in a moment"),
        ("api", f"{STAMP} [info     ] assigned                     group=api.projector"),
        ("api", f"{STAMP} [debug    ] an error that was expected"),
    ],
)
def test_what_only_fills_the_screen_is_left_to_the_file(name: str, line: str) -> None:
    assert not concerns_people(name, line)


def test_the_file_holds_every_line_and_a_brief_console_some(tmp_path: Path) -> None:
    console = io.StringIO()
    journal = Journal(tmp_path / "log", console, brief=True)
    journal.write("topics", "clips.live.v1 created: 4 partitions")
    journal.write("local", "ready")
    journal.close()
    assert len((tmp_path / "log").read_text().splitlines()) == 2
    assert console.getvalue().rstrip().endswith("local    | ready")
    assert len(console.getvalue().splitlines()) == 1
